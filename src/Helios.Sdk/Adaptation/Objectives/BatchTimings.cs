using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Timings between the batches at which they are known.</summary>
internal static class BatchTimings
{
    /// <summary>The timing at a batch: linear between its neighbours, the last one beyond.</summary>
    /// <param name="batches">Timings by ascending batch; not empty.</param>
    /// <param name="batch">Sequences, at least 1.</param>
    public static BatchTiming At(ImmutableArray<BatchTiming> batches, int batch)
    {
        var upper = 0;
        while (upper < batches.Length - 1 && batches[upper].Batch < batch) upper++;
        var above = batches[upper];
        if (upper == 0 || above.Batch <= batch) return above;

        var below = batches[upper - 1];
        var share = (double)(batch - below.Batch) / (above.Batch - below.Batch);
        double Between(double from, double to) => from + share * (to - from);
        var seconds = Between(below.Batch / below.Throughput, above.Batch / above.Throughput);
        return new BatchTiming(batch, Between(below.TpotMs, above.TpotMs), Between(below.TtftMs, above.TtftMs), batch / seconds);
    }
}
