using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>Tensors one below another in the memory of a part, <c>[Rows, Columns]</c>.</summary>
/// <param name="Tensors">What is stored, in order.</param>
/// <param name="Offset">First element.</param>
/// <param name="Rows">Rows of all tensors.</param>
/// <param name="Columns">Elements of a row.</param>
internal sealed record MatrixPlan(IReadOnlyList<StoredTensor> Tensors, long Offset, long Rows, long Columns);

/// <summary>
/// A norm's weights, followed by as many zeros: the RMS norm of x is the first half of the layer norm of (x, -x), whose mean is 0
/// and whose variance is the mean square of x. Torch does that in one kernel.
/// </summary>
/// <param name="Tensor">What is stored.</param>
/// <param name="Offset">First element.</param>
/// <param name="Length">Weights, without the zeros.</param>
internal sealed record NormPlan(StoredTensor Tensor, long Offset, long Length);

/// <summary>
/// Lays the tensors of a part out in one piece of memory. Measuring and loading both follow it, so that what is measured
/// is what is allocated.
/// </summary>
internal sealed class PartPlan
{
    // In bytes: what torch's kernels like to start at.
    private const int Alignment = 256;

    private readonly ICheckpoint checkpoint;

    public PartPlan(ICheckpoint checkpoint, Precision precision, TorchDevice device)
    {
        this.checkpoint = checkpoint;
        Type = precision != Precision.Auto ? Devices.Elements.TypeOf(precision)
            : Devices.Elements.TypeOf(checkpoint.Info.StoredType) is var stored && device.Computes(stored) ? stored
            : ScalarType.Float32;
        if (!device.Computes(Type)) throw new NotSupportedException($"{device.Name} does not compute in {precision}; it holds Fp32 and Bf16.");
    }

    /// <summary>Type of all that is loaded: products take no two types.</summary>
    public ScalarType Type { get; }

    /// <summary>Elements laid out so far.</summary>
    public long Elements { get; private set; }

    public NormPlan Norm(TensorRole role, int layer = -1) => TryNorm(role, layer) ?? throw Missing(role, layer);

    public NormPlan? TryNorm(TensorRole role, int layer)
    {
        if (!checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor)) return null;
        return new NormPlan(tensor, Take(2 * tensor.Elements), tensor.Elements);
    }

    public MatrixPlan Matrix(int layer, params ReadOnlySpan<TensorRole> roles)
    {
        var tensors = new List<StoredTensor>(roles.Length);
        var rows = 0L;
        foreach (var role in roles)
        {
            if (!checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor)) throw Missing(role, layer);
            tensors.Add(tensor);
            rows += tensor.Rows;
        }

        return new MatrixPlan(tensors, Take(rows * tensors[0].Columns), rows, tensors[0].Columns);
    }

    public MatrixPlan? TryMatrix(TensorRole role, int layer) =>
        checkpoint.TryGetTensor(new TensorKey(role, layer), out _) ? Matrix(layer, role) : null;

    private long Take(long elements)
    {
        var grain = Alignment / Devices.Elements.BytesOf(Type);
        var offset = Elements;
        Elements += (elements + grain - 1) / grain * grain;
        return offset;
    }

    private CheckpointException Missing(TensorRole role, int layer) =>
        new($"{checkpoint.Info.Path}: no tensor {role}{(layer < 0 ? "" : $" of layer {layer}")}.");
}

/// <summary>Where everything of a layer goes.</summary>
internal sealed class LayerPlan
{
    public LayerPlan(ICheckpoint checkpoint, int layer, Precision precision, TorchDevice device)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, checkpoint.Info.Architecture.Layers);
        var plan = new PartPlan(checkpoint, precision, device);
        AttentionNorm = plan.Norm(TensorRole.AttentionNorm, layer);
        QueryKeyValue = plan.Matrix(layer, TensorRole.Query, TensorRole.Key, TensorRole.Value);
        AttentionOutput = plan.Matrix(layer, TensorRole.AttentionOutput);
        FeedForwardNorm = plan.Norm(TensorRole.FeedForwardNorm, layer);
        GateUp = plan.Matrix(layer, TensorRole.Gate, TensorRole.Up);
        Down = plan.Matrix(layer, TensorRole.Down);
        ExitNorm = plan.TryNorm(TensorRole.ExitNorm, layer);
        ExitHead = plan.TryMatrix(TensorRole.ExitHead, layer);
        (Type, Elements) = (plan.Type, plan.Elements);
    }

    public NormPlan AttentionNorm { get; }

    public MatrixPlan QueryKeyValue { get; }

    public MatrixPlan AttentionOutput { get; }

    public NormPlan FeedForwardNorm { get; }

    public MatrixPlan GateUp { get; }

    public MatrixPlan Down { get; }

    public NormPlan? ExitNorm { get; }

    public MatrixPlan? ExitHead { get; }

    public ScalarType Type { get; }

    public long Elements { get; }
}

/// <summary>Where embedding, final norm and head go. A tied head is held once, and embeds too.</summary>
internal sealed class FixedPlan
{
    public FixedPlan(ICheckpoint checkpoint, Precision precision, TorchDevice device)
    {
        var plan = new PartPlan(checkpoint, precision, device);
        FinalNorm = plan.Norm(TensorRole.FinalNorm);
        var tied = checkpoint.Info.Architecture.TiedHead;
        Head = plan.Matrix(-1, tied ? TensorRole.Embedding : TensorRole.Head);
        Embedding = tied ? Head : plan.Matrix(-1, TensorRole.Embedding);
        (Type, Elements) = (plan.Type, plan.Elements);
    }

    public NormPlan FinalNorm { get; }

    public MatrixPlan Head { get; }

    /// <summary>The head itself where it is tied.</summary>
    public MatrixPlan Embedding { get; }

    public ScalarType Type { get; }

    public long Elements { get; }
}
