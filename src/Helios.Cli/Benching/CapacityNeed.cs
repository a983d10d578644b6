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

        var shape = ShapeAt(depth);
        using var measure = backend.CreateKvStore(slabBytes: 1, serving.KvBlockTokens);
        SlabBytes = SlabSize.For(serving.KvSlabBytes, budget, measure.BlockBytes(ShapeAt(architecture.Layers)), backend.Device.KvSlabs);
        BlocksPerSequence = (plan.Context + serving.KvBlockTokens - 1) / serving.KvBlockTokens;
        BlocksPerSlab = SlabBytes / measure.BlockBytes(shape);
        KvBytesPerSequence = BlocksPerSequence * measure.BlockBytes(shape);
    }

    public long WeightBytes { get; }

    public long SlabBytes { get; }

    public long BlocksPerSlab { get; }

    public int BlocksPerSequence { get; }

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
        var slabs = (sequences * BlocksPerSequence + BlocksPerSlab - 1) / BlocksPerSlab;
        return WeightBytes + WorkspaceBytes((int)sequences) + slabs * SlabBytes <= budget;
    }

    private KvShape ShapeAt(int depth) => KvShape.Of(architecture, depth);
}
