using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Formats;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Loading;

/// <summary>A vector in the memory of a part: FP32, tensors one behind another from the element of their segment on, padded with zeros to whole vectors.</summary>
/// <param name="Segments">Tensors and the elements at which they start.</param>
/// <param name="Padded">Elements with padding.</param>
/// <param name="Addend">Added to every element.</param>
/// <param name="Offset">First byte in the part.</param>
internal sealed record VectorPlan(IReadOnlyList<Segment> Segments, int Padded, float Addend, long Offset);

/// <summary>A matrix in the memory of a part, made of tensors one below another, each from a row block of its own on.</summary>
internal sealed record MatrixPlan(IReadOnlyList<Segment> Segments, WeightFormat Format, int Blocks, int Columns, long Offset)
{
    /// <summary>Groups of a block format; null for others.</summary>
    public GroupLayout? Groups { get; } = Format is WeightFormat.Block8 or WeightFormat.Block4 ? BlockPacking.Groups(Format, Segments.Select(segment => segment.Tensor.Type)) : null;

    public long Bytes => PackedMatrix.Bytes(Format, Blocks, Columns, Groups);
}

/// <summary>A tensor of a matrix or vector.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Start">Its first row, or element.</param>
internal sealed record Segment(StoredTensor Tensor, int Start);

/// <summary>A norm in the memory of a part.</summary>
internal sealed record NormPlan(NormLayout Layout, VectorPlan Weight, VectorPlan? Bias);

/// <summary>A projection in the memory of a part; a bias has the rows of the matrix, padding included.</summary>
internal sealed record LinearPlan(MatrixPlan Weight, VectorPlan? Bias);

/// <summary>A feed-forward network in the memory of a part.</summary>
internal sealed record NetworkPlan(LinearPlan GateUp, LinearPlan Down);

/// <summary>
/// Lays the tensors of a part out in one piece of memory. Measuring and loading both follow it, so that what is measured
/// is what is allocated.
/// </summary>
internal sealed class LoadPlan(ICheckpoint checkpoint, Precision precision)
{
    /// <summary>Bytes laid out so far.</summary>
    public long Bytes { get; private set; }

    public NormPlan Norm(TensorRole role, NormLayout norm, int layer = -1) => TryNorm(role, norm, layer) ?? throw Missing(new TensorKey(role, layer));

    /// <summary>A norm, or null where the checkpoint has none.</summary>
    public NormPlan? TryNorm(TensorRole role, NormLayout? norm, int layer)
    {
        var key = new TensorKey(role, layer);
        if (norm is null || !checkpoint.TryGetTensor(key, out var weight)) return null;
        var plan = Vector([new Segment(weight, 0)], Pad((int)weight.Elements), norm.Kind == NormKind.RmsOffset ? 1 : 0);
        return new NormPlan(norm, plan, checkpoint.TryGetTensor(key with { Part = TensorPart.Bias }, out var bias) ? Vector([new Segment(bias, 0)], Pad((int)bias.Elements)) : null);
    }

    /// <summary>Projections of one input, one below another.</summary>
    public LinearPlan Linear(params ReadOnlySpan<TensorKey> keys)
    {
        var weight = Matrix(keys);
        var biases = new List<Segment>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (checkpoint.TryGetTensor(keys[i] with { Part = TensorPart.Bias }, out var bias)) biases.Add(new Segment(bias, weight.Segments[i].Start));
        }

        return new LinearPlan(weight, biases.Count == 0 ? null : Vector(biases, weight.Blocks * PackedMatrix.BlockRows));
    }

    /// <summary>Tensors of as many columns, one below another.</summary>
    public MatrixPlan Matrix(params ReadOnlySpan<TensorKey> keys)
    {
        var segments = new List<Segment>(keys.Length);
        var blocks = 0;
        foreach (var key in keys)
        {
            if (!checkpoint.TryGetTensor(key, out var tensor)) throw Missing(key);
            segments.Add(new Segment(tensor, blocks * PackedMatrix.BlockRows));
            blocks += (tensor.Rows + PackedMatrix.BlockRows - 1) / PackedMatrix.BlockRows;
        }

        var plan = new MatrixPlan(segments, Format(segments, keys[0].Role), blocks, segments[0].Tensor.Columns, Bytes);
        Advance(plan.Bytes);
        return plan;
    }

    public MatrixPlan? TryMatrix(TensorKey key) => checkpoint.TryGetTensor(key, out _) ? Matrix(key) : null;

    private VectorPlan Vector(IReadOnlyList<Segment> segments, int padded, float addend = 0)
    {
        var plan = new VectorPlan(segments, padded, addend, Bytes);
        Advance((long)padded * sizeof(float));
        return plan;
    }

    private static int Pad(int elements) => (elements + PackedMatrix.BlockRows - 1) / PackedMatrix.BlockRows * PackedMatrix.BlockRows;

    // Where tensors of one matrix are stored differently, the wider type holds them all. What turns states into tokens and
    // tokens into states keeps 8 bits: two thirds of what int4 costs in quality would be lost there. A router decides between
    // experts, so it is not rounded, and neither are learnt positions, of which a token reads one row, and the map of an exit, which an exit's confidence hangs on.
    private WeightFormat Format(List<Segment> segments, TensorRole role)
    {
        bool Are(TensorType type) => segments.TrueForAll(segment => segment.Tensor.Type == type);
        var floats = Are(TensorType.BF16) ? WeightFormat.Bf16 : Are(TensorType.F16) ? WeightFormat.Fp16 : WeightFormat.Fp32;
        return precision switch
        {
            Precision.Fp32 => WeightFormat.Fp32,
            Precision.Bf16 => WeightFormat.Bf16,
            Precision.Fp16 => WeightFormat.Fp16,
            Precision.Auto when segments.TrueForAll(segment => BlockPacking.IsNibble(segment.Tensor.Type)) => WeightFormat.Block4,
            Precision.Auto when segments.TrueForAll(segment => segment.Tensor.Type.IsQuantised()) => WeightFormat.Block8,
            Precision.Auto => floats,
            Precision.Int8 or Precision.Int4 when role is TensorRole.Router or TensorRole.PositionEmbedding or TensorRole.ExitMap => floats,
            Precision.Int8 => WeightFormat.Int8,
            Precision.Int4 when role is TensorRole.Embedding or TensorRole.EmbeddingProjection or TensorRole.Head or TensorRole.HeadProjection or TensorRole.ExitHead => WeightFormat.Int8,
            Precision.Int4 => WeightFormat.Int4,
            _ => throw new NotSupportedException($"The CPU backend cannot hold weights as {precision}."),
        };
    }

    private void Advance(long bytes) =>
        Bytes += (bytes + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment;

    private CheckpointException Missing(TensorKey key) => new($"{checkpoint.Info.Path}: no tensor {key}.");
}

/// <summary>Where everything of a layer goes.</summary>
internal sealed class LayerPlan
{
    public LayerPlan(ICheckpoint checkpoint, int layer, Precision precision)
    {
        var architecture = checkpoint.Info.Architecture;
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, architecture.Layers);
        Layout = architecture.Stack[layer];
        if (Layout.State is not KvState) throw new NotSupportedException(Invariant($"The CPU backend does not keep the state of layer {layer}, {Layout.State}."));
        if (Layout.Attention.QueryKeyNorm is { Kind: NormKind.Layer }) throw new NotSupportedException(Invariant($"The CPU backend does not compute layer norms of queries and keys, which layer {layer} has."));
        var plan = new LoadPlan(checkpoint, precision);
        var (norm, queryKeyNorm) = (Layout.Norm, Layout.Attention.QueryKeyNorm);
        AttentionNorm = plan.TryNorm(TensorRole.AttentionNorm, norm, layer);
        QueryKeyValue = plan.Linear(new(TensorRole.Query, layer), new(TensorRole.Key, layer), new(TensorRole.Value, layer));
        QueryNorm = plan.TryNorm(TensorRole.QueryNorm, queryKeyNorm, layer);
        KeyNorm = plan.TryNorm(TensorRole.KeyNorm, queryKeyNorm, layer);
        AttentionOutput = plan.Linear(new TensorKey(TensorRole.AttentionOutput, layer));
        AttentionPostNorm = plan.TryNorm(TensorRole.AttentionPostNorm, norm, layer);
        FeedForwardNorm = plan.TryNorm(TensorRole.FeedForwardNorm, norm, layer);
        Router = plan.TryMatrix(new TensorKey(TensorRole.Router, layer));
        Networks = Layout.FeedForward.Experts is { } experts
            ? [.. Enumerable.Range(0, experts.Count).Select(expert => Network(plan, layer, expert))]
            : [Network(plan, layer, expert: -1)];
        FeedForwardPostNorm = plan.TryNorm(TensorRole.FeedForwardPostNorm, norm, layer);
        ExitNorm = plan.TryNorm(TensorRole.ExitNorm, architecture.Head.Norm, layer);
        ExitHead = plan.TryMatrix(new TensorKey(TensorRole.ExitHead, layer));
        if (Layout.ExitTransform is ExitMap) ExitMap = plan.Linear(new TensorKey(TensorRole.ExitMap, layer));
        if (Layout.ExitTransform is ExitFeedForward own)
        {
            ExitFeedForwardNorm = plan.Norm(TensorRole.ExitFeedForwardNorm, own.Norm, layer);
            var up = new TensorKey(TensorRole.ExitUp, layer);
            ExitNetwork = new NetworkPlan(own.Network.IsGated ? plan.Linear(up with { Role = TensorRole.ExitGate }, up) : plan.Linear(up), plan.Linear(up with { Role = TensorRole.ExitDown }));
        }

        Bytes = plan.Bytes;
    }

    public LayerLayout Layout { get; }

    public NormPlan? AttentionNorm { get; }

    public LinearPlan QueryKeyValue { get; }

    public NormPlan? QueryNorm { get; }

    public NormPlan? KeyNorm { get; }

    public LinearPlan AttentionOutput { get; }

    public NormPlan? AttentionPostNorm { get; }

    public NormPlan? FeedForwardNorm { get; }

    public MatrixPlan? Router { get; }

    /// <summary>One for each expert; one where there are none.</summary>
    public IReadOnlyList<NetworkPlan> Networks { get; }

    public NormPlan? FeedForwardPostNorm { get; }

    public NormPlan? ExitNorm { get; }

    public MatrixPlan? ExitHead { get; }

    public LinearPlan? ExitMap { get; }

    public NormPlan? ExitFeedForwardNorm { get; }

    public NetworkPlan? ExitNetwork { get; }

    public long Bytes { get; }

    private NetworkPlan Network(LoadPlan plan, int layer, int expert)
    {
        var up = new TensorKey(TensorRole.Up, layer, expert);
        return new NetworkPlan(
            Layout.FeedForward.IsGated ? plan.Linear(up with { Role = TensorRole.Gate }, up) : plan.Linear(up),
            plan.Linear(up with { Role = TensorRole.Down }));
    }
}

/// <summary>Where embedding, final norm and head go. A tied head is held once, and embeds too.</summary>
internal sealed class FixedPlan
{
    public FixedPlan(ICheckpoint checkpoint, Precision precision)
    {
        var plan = new LoadPlan(checkpoint, precision);
        var architecture = checkpoint.Info.Architecture;
        FinalNorm = architecture.Head.Norm is { } norm ? plan.Norm(TensorRole.FinalNorm, norm) : null;
        Head = architecture.Head.IsTied ? new LinearPlan(plan.Matrix(new TensorKey(TensorRole.Embedding)), null) : plan.Linear(new TensorKey(TensorRole.Head));
        Embedding = architecture.Head.IsTied ? null : plan.Matrix(new TensorKey(TensorRole.Embedding));
        Positions = plan.TryMatrix(new TensorKey(TensorRole.PositionEmbedding));
        EmbeddingProjection = plan.TryMatrix(new TensorKey(TensorRole.EmbeddingProjection));
        HeadProjection = plan.TryMatrix(new TensorKey(TensorRole.HeadProjection));
        Bytes = plan.Bytes;
    }

    public NormPlan? FinalNorm { get; }

    public LinearPlan Head { get; }

    public MatrixPlan? Embedding { get; }

    public MatrixPlan? Positions { get; }

    public MatrixPlan? EmbeddingProjection { get; }

    public MatrixPlan? HeadProjection { get; }

    public long Bytes { get; }
}
