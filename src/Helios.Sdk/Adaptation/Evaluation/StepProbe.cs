using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// Measures what a loaded model's decode steps cost at 1, 2, 4, ... rows, so that its cost is known at batches that live
/// traffic has not had yet. Each step is one background item; probing ends early when steps get long or KV runs out.
/// </summary>
internal sealed class StepProbe(BlockPool blocks, DeviceWork work, TimeProvider time)
{
    private const int Repeats = 3;
    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(250);

    /// <summary>Probes up to <paramref name="maxRows"/> rows and returns what the steps took, in order.</summary>
    public async Task<IReadOnlyList<StepTiming>> MeasureAsync(ModelLease lease, int maxRows, CancellationToken cancellationToken)
    {
        // The first step compiles and warms; it does not count.
        await StepAsync(lease, 1).ConfigureAwait(false);
        var timings = new List<StepTiming>();
        for (var rows = 1; rows <= maxRows; rows *= 2)
        {
            for (var i = 0; i < Repeats; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await StepAsync(lease, rows).ConfigureAwait(false) is not { } timing) return timings;
                timings.Add(timing);
                if (timing.Times.Total > LongestStep.TotalSeconds) return timings;
            }
        }

        return timings;
    }

    private Task<StepTiming?> StepAsync(ModelLease lease, int rows) => work.RunInBackgroundAsync(() => Step(lease, rows));

    private StepTiming? Step(ModelLease lease, int rows)
    {
        var depth = lease.Target.Depth;
        var table = new BlockTable(lease.Served.KvShape(depth), rows);
        try
        {
            if (!blocks.TryGrow(table, rows * blocks.TokensPerBlock)) return null;
            return Run(lease.Served.Device, table, depth, rows);
        }
        finally
        {
            blocks.Release(table);
        }
    }

    /// <summary>Rows of as many sequences, each at position 0 of its own block.</summary>
    private StepTiming Run(ILayeredModel device, BlockTable table, int depth, int rows)
    {
        var batch = Enumerable.Range(0, rows).Select(i => new StepRow(0, 0, i, depth)).ToArray();
        var all = Enumerable.Range(0, rows).ToArray();
        var draws = all.Select(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.Top1)).ToArray();

        var started = time.GetTimestamp();
        device.Begin(new StepBatch { Rows = batch, Blocks = table.Blocks });
        var begun = time.GetTimestamp();
        device.Run(LayerRange.To(depth));
        var ran = time.GetTimestamp();
        device.Retire(all);
        device.Sample(draws, new SampledToken[rows]);
        var ended = time.GetTimestamp();

        double Seconds(long from, long to) => time.GetElapsedTime(from, to).TotalSeconds;
        return new StepTiming(rows, rows, depth, rows, new StepTimes(Seconds(begun, ran), Seconds(ran, ended), Seconds(started, begun)));
    }
}
