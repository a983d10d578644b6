using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>
/// The most sequences of a context that fit a budget at a depth, KV in slabs as the engine cuts them, and what a
/// decode step of all of them at full context takes. Every row starts from nothing and gives everything back.
/// </summary>
internal sealed class CapacityBench(ICheckpoint checkpoint, IBackend backend, CapacityPlan plan, TimeProvider time)
{
    private const int WarmRows = 64;
    private const double WarmSeconds = 0.3;
    private const int EnoughSteps = 3;
    private const int LongestFactor = 5;

    private static readonly ServingOptions Serving = new();

    public async Task<CapacityRow> MeasureAsync(int depth, CancellationToken cancellationToken)
    {
        var budget = new MemoryBudget(plan.BudgetBytes);
        var memory = ResidentMemory.FromNow();
        var row = await MeasureAsync(depth, budget, memory, cancellationToken).ConfigureAwait(false);
        var allocated = BuiltInBackends.AllocatedBytes(backend);
        if (allocated != 0 || budget.Used != 0)
            throw new InvalidOperationException(Invariant($"{allocated} bytes are allocated and {budget.Used} reserved after everything was freed."));
        return row;
    }

    private async Task<CapacityRow> MeasureAsync(int depth, MemoryBudget budget, ResidentMemory memory, CancellationToken cancellationToken)
    {
        var need = new CapacityNeed(checkpoint, backend, plan, depth, Serving);
        var row = new CapacityRow
        {
            Depth = depth,
            WeightBytes = need.WeightBytes,
            KvBytesPerSequence = need.KvBytesPerSequence,
            KvPrecision = PrecisionOption.NameOf(plan.KvPrecision),
            RssBeforeBytes = memory.Before,
            RssIsPeak = memory.HasPeak,
        };
        var most = need.MostSequences();
        if (most == 0) return row with { PeakRssBytes = memory.Bytes };

        using var model = await BenchedModel.LoadAsync(checkpoint, backend, budget, plan.Precision, depth, cancellationToken).ConfigureAwait(false);
        using var kv = backend.CreateKvStore(need.SlabBytes, Serving.KvBlockTokens);
        var rows = need.RowsFor(most);
        var (table, batch) = Fill(kv, need, model, rows);
        using var rig = new DecodeRig(model, kv, table, new RigSize(depth, batch, plan.Context - 1, rows));
        WarmUp.Run(() => Run(rig, Math.Min(batch, WarmRows), WarmSeconds, cancellationToken), plan.WarmUpSeconds, time);
        var step = Run(rig, batch, plan.Seconds, cancellationToken).Median;
        return row with
        {
            MaxBatch = batch,
            DecodeTps = batch / step,
            StepMs = step * 1e3,
            WorkspaceBytes = need.WorkspaceBytes(most),
            KvSlabBytes = table.Where(block => block != KvBlock.None).Select(block => block.Slab).Distinct().Count() * kv.SlabBytes,
            BudgetUsedBytes = budget.Used,
            PeakRssBytes = memory.Bytes,
        };
    }

    /// <summary>Cuts blocks for as many sequences as slabs of the budget hold, one after another. What activations will take is set aside meanwhile.</summary>
    private static (KvBlock[] Table, int Sequences) Fill(IKvStore kv, CapacityNeed need, BenchedModel model, int rows)
    {
        using var activations = model.ReserveActivations(rows);
        var sequences = Math.Min(rows, need.MostSequences());
        var blocks = need.Groups.Select(group => Take(kv, model, group, sequences)).ToArray();
        for (var i = 0; i < blocks.Length; i++)
        {
            if (need.Groups[i].Blocks > 0) sequences = Math.Min(sequences, blocks[i].Count / need.Groups[i].Blocks);
        }

        var table = new KvBlock[sequences * need.Positions * blocks.Length];
        for (var i = 0; i < table.Length; i++)
        {
            var (sequence, position) = Math.DivRem(i / blocks.Length, need.Positions);
            var (group, own) = (need.Groups[i % blocks.Length], blocks[i % blocks.Length]);

            // Behind a window the same blocks come round again.
            table[i] = group.Blocks == 0 ? KvBlock.None : own[sequence * group.Blocks + position % group.Blocks];
        }

        return (table, sequences);
    }

    private static List<KvBlock> Take(IKvStore kv, BenchedModel model, GroupNeed group, int sequences)
    {
        var wanted = sequences * group.Blocks;
        var blocks = new List<KvBlock>(wanted);
        while (blocks.Count < wanted && TryAddSlab(kv, model) is { } slab)
        {
            for (var i = 0; i < group.PerSlab && blocks.Count < wanted; i++) blocks.Add(new KvBlock(slab, i));
        }

        return blocks;
    }

    /// <summary>Null where the device lacks the memory that the budget has.</summary>
    private static int? TryAddSlab(IKvStore kv, BenchedModel model)
    {
        try
        {
            return kv.AddSlab(model.Reserve(kv.SlabBytes, "a KV slab"));
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Steps for so long, and three of them; fewer, but one, where they take several times as long.</summary>
    private Samples Run(DecodeRig rig, int batch, double seconds, CancellationToken cancellationToken)
    {
        var steps = new Samples();
        while (steps.Count == 0 || steps.Sum < seconds || (steps.Count < EnoughSteps && steps.Sum < seconds * LongestFactor))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            rig.Step(batch);
            steps.Add(time.GetElapsedTime(started).TotalSeconds);
        }

        return steps;
    }
}

/// <summary>What <c>bench capacity</c> is asked for.</summary>
/// <param name="BudgetBytes">Bytes for weights, activations and KV together.</param>
/// <param name="Context">Tokens of every sequence.</param>
/// <param name="Precision">How weights are held.</param>
/// <param name="KvPrecision">How keys and values are kept.</param>
/// <param name="Seconds">Seconds of steps for every row, and three steps unless they are much longer.</param>
/// <param name="WarmUpSeconds">Longest warm-up.</param>
internal sealed record CapacityPlan(long BudgetBytes, int Context, Precision Precision, Precision KvPrecision, double Seconds, double WarmUpSeconds);
