using System.Collections.Immutable;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Cli.Benching;

/// <summary>What sequences at a depth need of a budget, to the byte: weights, activations, and KV in whole slabs.</summary>
internal sealed class CapacityNeed
{
    private readonly IBackend backend;
    private readonly ModelArchitecture architecture;
    private readonly ServingOptions serving;
    private readonly long budget;

    public CapacityNeed(ICheckpoint checkpoint, IBackend backend, CapacityPlan plan, int depth, ServingOptions serving)
    {
        this.backend = backend;
        this.serving = serving;
        architecture = checkpoint.Info.Architecture;
        budget = plan.BudgetBytes;
        WeightBytes = backend.Loader.Measure(checkpoint, plan.Precision).ToDepth(depth);

        using var measure = backend.CreateKvStore(slabBytes: 1, serving.KvBlockTokens);
        SlabBytes = SlabSize.For(serving.KvSlabBytes, budget, PartsAt(architecture.Layers).Max(part => measure.BlockBytes(part.Shape)), backend.Device.KvSlabs);
        Positions = (plan.Context + serving.KvBlockTokens - 1) / serving.KvBlockTokens;
        Groups = [.. PartsAt(depth).Select(part => GroupNeed.Of(part, plan.Context, serving.KvBlockTokens, SlabBytes, measure))];
        KvBytesPerSequence = Groups.Sum(group => group.Blocks * group.BlockBytes);
    }

    public long WeightBytes { get; }

    public long SlabBytes { get; }

    /// <summary>Blocks of tokens of a sequence.</summary>
    public int Positions { get; }

    /// <summary>What a sequence needs of each group of layers.</summary>
    public ImmutableArray<GroupNeed> Groups { get; }

    /// <summary>Bytes of the blocks of one sequence.</summary>
    public long KvBytesPerSequence { get; }

    /// <summary>The most sequences whose need is within the budget; 0 when there is no room for one.</summary>
    public int MostSequences()
    {
        // Fits(low) holds, Fits(high) does not.
        var (low, high) = (0L, Math.Min(int.MaxValue, budget / KvBytesPerSequence + 1));
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (Fits(middle)) low = middle;
            else high = middle;
        }

        return (int)low;
    }

    /// <summary>Bytes of the activations of so many sequences.</summary>
    public long WorkspaceBytes(int sequences) => backend.MeasureWorkspace(architecture, RowsFor(sequences));

    /// <summary>Rows of a step: what the engine composes a model for, or one per sequence if these are more.</summary>
    public int RowsFor(int sequences) => Math.Max(serving.MaxRowsPerStep, sequences);

    private bool Fits(long sequences)
    {
        return WeightBytes + WorkspaceBytes((int)sequences) + Groups.Sum(group => group.Slabs(sequences)) * SlabBytes <= budget;
    }

    private IEnumerable<KvPart> PartsAt(int depth)
    {
        var groups = KvGroups.Of(architecture);
        return Enumerable.Range(0, groups.Count).Select(group => groups.Part(group, LayerRange.To(depth)));
    }
}

/// <summary>What a sequence needs of a group of layers.</summary>
/// <param name="Blocks">Blocks that it holds; fewer than it has tokens for where there is a window.</param>
/// <param name="BlockBytes">Bytes of each; 0 where the group has no layers.</param>
/// <param name="PerSlab">Blocks of a slab.</param>
internal readonly record struct GroupNeed(int Blocks, long BlockBytes, long PerSlab)
{
    public static GroupNeed Of(KvPart part, int context, int tokensPerBlock, long slabBytes, IKvStore measure)
    {
        if (part.Shape.Layers == 0) return new GroupNeed(0, 0, 1);
        var bytes = measure.BlockBytes(part.Shape);
        return new GroupNeed(part.MostBlocks(context, rows: 1, tokensPerBlock), bytes, slabBytes / bytes);
    }

    /// <summary>Whole slabs for so many sequences.</summary>
    public long Slabs(long sequences) => (sequences * Blocks + PerSlab - 1) / PerSlab;
}
