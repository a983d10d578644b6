using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>A norm's weights in the memory of a part: FP32, padded with zeros to whole vectors.</summary>
internal sealed record VectorPlan(StoredTensor Tensor, long Offset)
{
    public int Padded => (Tensor.Columns * Tensor.Rows + 15) & ~15;
}

/// <summary>A matrix in the memory of a part, made of tensors one below another, each from a row block of its own on.</summary>
internal sealed record MatrixPlan(IReadOnlyList<MatrixSegment> Segments, WeightFormat Format, int Blocks, int Columns, long Offset)
{
    public long Bytes => PackedMatrix.Bytes(Format, Blocks, Columns);
}

/// <summary>A tensor of a matrix.</summary>
internal sealed record MatrixSegment(StoredTensor Tensor, int FirstRow);

/// <summary>
/// Lays the tensors of a part out in one piece of memory. Measuring and loading both follow it, so that what is measured
/// is what is allocated.
/// </summary>
internal sealed class LoadPlan(ICheckpoint checkpoint, Precision precision)
{
    /// <summary>Bytes laid out so far.</summary>
    public long Bytes { get; private set; }

    public VectorPlan Vector(TensorRole role, int layer = -1) =>
        TryVector(role, layer) ?? throw Missing(role, layer);

    public VectorPlan? TryVector(TensorRole role, int layer)
    {
        if (!checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor)) return null;
        var plan = new VectorPlan(tensor, Bytes);
        Advance(plan.Padded * sizeof(float));
        return plan;
    }

    public MatrixPlan Matrix(int layer, params ReadOnlySpan<TensorRole> roles)
    {
        var segments = new List<MatrixSegment>(roles.Length);
        var blocks = 0;
        foreach (var role in roles)
        {
            if (!checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor)) throw Missing(role, layer);
            segments.Add(new MatrixSegment(tensor, blocks * PackedMatrix.BlockRows));
            blocks += (tensor.Rows + PackedMatrix.BlockRows - 1) / PackedMatrix.BlockRows;
        }

        var plan = new MatrixPlan(segments, Format(segments, roles[0]), blocks, segments[0].Tensor.Columns, Bytes);
        Advance(plan.Bytes);
        return plan;
    }

    public MatrixPlan? TryMatrix(TensorRole role, int layer) =>
        checkpoint.TryGetTensor(new TensorKey(role, layer), out _) ? Matrix(layer, role) : null;

    // Where tensors of one matrix are stored differently, the wider type holds them all. What turns states into tokens and
    // tokens into states keeps 8 bits: two thirds of what int4 costs in quality would be lost there.
    private WeightFormat Format(List<MatrixSegment> segments, TensorRole role) => precision switch
    {
        Precision.Fp32 => WeightFormat.Fp32,
        Precision.Bf16 => WeightFormat.Bf16,
        Precision.Int8 => WeightFormat.Int8,
        Precision.Int4 when role is TensorRole.Embedding or TensorRole.Head or TensorRole.ExitHead => WeightFormat.Int8,
        Precision.Int4 => WeightFormat.Int4,
        Precision.Auto => segments.TrueForAll(segment => segment.Tensor.Type == TensorType.BF16) ? WeightFormat.Bf16 : WeightFormat.Fp32,
        _ => throw new NotSupportedException($"The CPU backend cannot hold weights as {precision}."),
    };

    private void Advance(long bytes) =>
        Bytes += (bytes + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment;

    private CheckpointException Missing(TensorRole role, int layer) =>
        new($"{checkpoint.Info.Path}: no tensor {role}{(layer < 0 ? "" : Invariant($" of layer {layer}"))}.");
}

/// <summary>Where everything of a layer goes.</summary>
internal sealed class LayerPlan
{
    public LayerPlan(ICheckpoint checkpoint, int layer, Precision precision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, checkpoint.Info.Architecture.Layers);
        var plan = new LoadPlan(checkpoint, precision);
        AttentionNorm = plan.Vector(TensorRole.AttentionNorm, layer);
        QueryKeyValue = plan.Matrix(layer, TensorRole.Query, TensorRole.Key, TensorRole.Value);
        AttentionOutput = plan.Matrix(layer, TensorRole.AttentionOutput);
        FeedForwardNorm = plan.Vector(TensorRole.FeedForwardNorm, layer);
        GateUp = plan.Matrix(layer, TensorRole.Gate, TensorRole.Up);
        Down = plan.Matrix(layer, TensorRole.Down);
        ExitNorm = plan.TryVector(TensorRole.ExitNorm, layer);
        ExitHead = plan.TryMatrix(TensorRole.ExitHead, layer);
        Bytes = plan.Bytes;
    }

    public VectorPlan AttentionNorm { get; }

    public MatrixPlan QueryKeyValue { get; }

    public MatrixPlan AttentionOutput { get; }

    public VectorPlan FeedForwardNorm { get; }

    public MatrixPlan GateUp { get; }

    public MatrixPlan Down { get; }

    public VectorPlan? ExitNorm { get; }

    public MatrixPlan? ExitHead { get; }

    public long Bytes { get; }
}

/// <summary>Where embedding, final norm and head go. A tied head is held once, and embeds too.</summary>
internal sealed class FixedPlan
{
    public FixedPlan(ICheckpoint checkpoint, Precision precision)
    {
        var plan = new LoadPlan(checkpoint, precision);
        FinalNorm = plan.Vector(TensorRole.FinalNorm);
        var tied = checkpoint.Info.Architecture.TiedHead;
        Head = plan.Matrix(-1, tied ? TensorRole.Embedding : TensorRole.Head);
        Embedding = tied ? null : plan.Matrix(-1, TensorRole.Embedding);
        Bytes = plan.Bytes;
    }

    public VectorPlan FinalNorm { get; }

    public MatrixPlan Head { get; }

    public MatrixPlan? Embedding { get; }

    public long Bytes { get; }
}
