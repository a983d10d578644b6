using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Cli.Benching;

/// <summary>
/// A checkpoint seen as what one step at a depth reads: its layers, and the norm and head behind them, with what that exit computes before; no embedding table,
/// of which a step reads a row per token, and no other exit's norm or head. Only ever measured, never read.
/// </summary>
internal sealed class StepWeights : ICheckpoint
{
    private readonly ICheckpoint checkpoint;
    private readonly int depth;

    private StepWeights(ICheckpoint checkpoint, int depth)
    {
        this.checkpoint = checkpoint;
        this.depth = depth;
        var architecture = checkpoint.Info.Architecture;
        Info = checkpoint.Info with
        {
            Architecture = architecture with
            {
                Head = architecture.Head with { IsTied = true },
                Stack = new LayerSequence(architecture.Stack.Select((layer, i) => i == depth - 1 ? layer : layer with { ExitTransform = null })),
            },
        };
    }

    /// <summary>Of a tied head, so that measuring counts one matrix where the head and a table would be two.</summary>
    public CheckpointInfo Info { get; }

    /// <summary>Bytes of weights that a step at a depth reads, padding included, each counted once.</summary>
    public static long Measure(ILayerLoader loader, ICheckpoint checkpoint, Precision precision, int depth)
    {
        using var view = new StepWeights(checkpoint, depth);
        return loader.Measure(view, precision).ToDepth(depth);
    }

    public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => key.Role switch
    {
        TensorRole.Embedding or TensorRole.Head when key.Part == TensorPart.Weight => TryGetOwn(TensorRole.ExitHead, HeadRole, key.Part, out tensor),
        TensorRole.FinalNorm => TryGetOwn(TensorRole.ExitNorm, TensorRole.FinalNorm, key.Part, out tensor),
        TensorRole.ExitHead or TensorRole.ExitNorm => None(out tensor),
        _ => checkpoint.TryGetTensor(key, out tensor!),
    };

    public void Read(StoredTensor tensor, long offset, Span<byte> destination) => throw new NotSupportedException("A view to measure by.");

    /// <summary>The checkpoint stays its owner's.</summary>
    public void Dispose()
    {
    }

    private TensorRole HeadRole => checkpoint.Info.Architecture.Head.IsTied ? TensorRole.Embedding : TensorRole.Head;

    private bool TryGetOwn(TensorRole own, TensorRole shared, TensorPart part, out StoredTensor tensor) =>
        checkpoint.TryGetTensor(new TensorKey(own, depth - 1, Part: part), out tensor) || checkpoint.TryGetTensor(new TensorKey(shared, Part: part), out tensor);

    private static bool None(out StoredTensor tensor)
    {
        tensor = null!; // only beside false, as with every Try method
        return false;
    }
}
