using System.Collections.Immutable;
using Helios.Cli.Benching;
using Helios.Cli.Options;
using Helios.ModelBench.Output;
using Helios.ModelBench.Texts;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.ModelBench.Quality;

/// <summary>
/// What a precision costs in quality: held-out texts scored teacher-forced at some depths, in one precision after another,
/// each against the first. One precision is loaded at a time.
/// </summary>
internal sealed class QualityBench(ICheckpoint checkpoint, IBackend backend, HeldOut texts, QualityPlan plan)
{
    private readonly MemoryBudget budget = new(backend.Device.TotalMemory);

    public async Task<ImmutableArray<QualityRow>> MeasureAsync(CancellationToken cancellationToken)
    {
        var rows = ImmutableArray.CreateBuilder<QualityRow>();
        ImmutableArray<DepthTally>? first = null;
        foreach (var precision in plan.Precisions)
        {
            var found = await ScoreAsync(precision, cancellationToken).ConfigureAwait(false);
            first ??= found;
            for (var i = 0; i < found.Length; i++) rows.Add(Row(precision, plan.Depths[i], found[i], first.Value[i]));
        }

        return rows.ToImmutable();
    }

    private async Task<ImmutableArray<DepthTally>> ScoreAsync(Precision precision, CancellationToken cancellationToken)
    {
        using var model = await BenchedModel.LoadAsync(checkpoint, backend, budget, precision, plan.Depths[^1], cancellationToken).ConfigureAwait(false);
        using var rig = new ScoreRig(model, plan.Depths, texts.Longest);
        ImmutableArray<DepthTally> tallies = [.. plan.Depths.Select(_ => new DepthTally(texts.Predicted))];
        foreach (var ids in texts.Sequences)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rig.Score(ids, tallies.AsSpan());
        }

        for (var i = 0; i < tallies.Length; i++)
        {
            if (!double.IsFinite(tallies[i].Nats))
                throw new HeliosException(Invariant($"The score of '{model.Info.Name}' in {model.PrecisionName} at depth {plan.Depths[i]} is not a finite number: its weights hold NaN or infinities."));
        }

        return tallies;
    }

    private QualityRow Row(Precision precision, int depth, DepthTally found, DepthTally first) => new(
        BenchedModel.NameOf(precision, checkpoint.Info),
        depth,
        BitsPerByte(found),
        BitsPerByte(found) - BitsPerByte(first),
        found.AgreementWith(first),
        texts.Predicted,
        backend.Loader.Measure(checkpoint, precision).ToDepth(depth),
        PrecisionOption.NameOf(plan.KvPrecision));

    private double BitsPerByte(DepthTally tally) => tally.Nats / Math.Log(2) / texts.Bytes;
}

/// <summary>What <c>quality</c> is asked for.</summary>
/// <param name="Precisions">How weights are held, one after another; the first is what the others are compared with.</param>
/// <param name="Depths">Layers that run, ascending.</param>
/// <param name="KvPrecision">How keys and values are kept.</param>
internal sealed record QualityPlan(ImmutableArray<Precision> Precisions, ImmutableArray<int> Depths, Precision KvPrecision);
