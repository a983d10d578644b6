using Helios.Peers.HeliosCpu;
using Helios.Peers.Measuring;
using Helios.Peers.Models;
using Helios.Peers.Reporting;

namespace Helios.Peers;

/// <summary>Loads one pair of precisions, checks that both engines compute the same, and measures them in turn.</summary>
internal sealed class PairRun(PrecisionPair pair, IModelStore model, IPeer peer, Settings settings)
{
    private const int LongContext = 2048;
    private static readonly int[] Batches = [1, 8, 32];
    private static readonly int[] LongContextBatches = [1, 8];

    public async Task<PairResult> RunAsync()
    {
        using var theirs = peer.Load(model.Theirs(pair.Theirs), model.Vocabulary);
        PeerEngine[] attentions = [new(theirs, flashAttention: true), new(theirs, flashAttention: false)];
        var (ours, refusal) = await LoadOursAsync();
        using (ours)
        {
            var agreement = ours is not null && pair.HasSameWeights
                ? Agreement.Between(ours, attentions[0], model.Vocabulary, pair.Theirs is null ? AgreementLimits.Integers : AgreementLimits.Bf16)
                : null;
            if (agreement is { Holds: false }) return new PairResult(pair, [], agreement, refusal, ours?.WeightBytes, theirs.Bytes);

            var rows = Measure(ours, attentions);
            return new PairResult(pair, rows, agreement, refusal, ours?.WeightBytes, theirs.Bytes);
        }
    }

    private async Task<(CpuEngine? Engine, string? Refusal)> LoadOursAsync()
    {
        try
        {
            return (await CpuEngine.LoadAsync(model.Ours(), pair.Ours, settings.Threads), null);
        }
        catch (NotSupportedException error)
        {
            return (null, $"{pair.OurName} is not built yet: {error.Message}");
        }
    }

    private List<Row> Measure(CpuEngine? ours, PeerEngine[] attentions)
    {
        IReadOnlyList<IEngine> engines = ours is null ? attentions : [ours, .. attentions];
        var longBatches = settings.LongContext ? LongContextBatches : [];
        Workload[] workloads =
        [
            .. Batches.Select(batch => Workload.Decode(batch)),
            Workload.Prefill(512),
            .. longBatches.Select(batch => Workload.Decode(batch, LongContext)),
        ];
        using var comparison = new Comparison(engines, workloads);
        var times = comparison.Run(settings.Rounds);

        var rows = new List<Row>();
        foreach (var workload in workloads)
        {
            Samples Speed(IEngine engine) => times[(workload, engine)].Select(milliseconds => workload.Rows * 1000 / milliseconds);
            var theirs = attentions.MaxBy(engine => Speed(engine).Median)!;
            var target = Targets.For(model, pair, workload);
            rows.Add(Row(workload.Name, "tok/s", ours is null ? null : Speed(ours), Speed(theirs), theirs.Name, target, (mine, other) => mine / other));
        }

        foreach (var batch in longBatches)
        {
            Samples Cost(IEngine engine) =>
                times[(Workload.Decode(batch, LongContext), engine)].Zip(times[(Workload.Decode(batch), engine)], (at2048, at64) => at2048 - at64);
            var theirs = attentions.MinBy(engine => Cost(engine).Median)!;
            rows.Add(Row($"cost of 2,048, B={batch}", "ms", ours is null ? null : Cost(ours), Cost(theirs), theirs.Name, Targets.Attention, (mine, other) => other / mine));
        }

        return rows;
    }

    private Row Row(string point, string unit, Samples? ours, Samples theirs, string setting, double? target, Func<double, double, double> ratio) =>
        new(pair, point, unit, ours, theirs, setting, ours?.Zip(theirs, ratio), target);
}

/// <summary>What a pair came to.</summary>
/// <param name="Pair">The pair.</param>
/// <param name="Rows">One a point; empty when the engines disagree.</param>
/// <param name="Agreement">Whether both compute the same; null where the weights differ.</param>
/// <param name="Refusal">Why ours was not measured; null when it was.</param>
/// <param name="OurBytes">Bytes of our weights.</param>
/// <param name="TheirBytes">Bytes of llama.cpp's weights.</param>
internal sealed record PairResult(
    PrecisionPair Pair, IReadOnlyList<Row> Rows, Agreement? Agreement, string? Refusal, long? OurBytes, long TheirBytes);
