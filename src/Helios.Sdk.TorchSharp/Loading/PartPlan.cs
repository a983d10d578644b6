using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>Tensors one below another in the memory of a part, <c>[Rows, Columns]</c>.</summary>
/// <param name="Tensors">What is stored, in order.</param>
/// <param name="Format">How it is held.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Scales">First byte of scales, in the type of activations; 0 where the format has none.</param>
/// <param name="Rows">Rows of all tensors.</param>
/// <param name="Columns">Elements of a row.</param>
internal sealed record MatrixPlan(IReadOnlyList<StoredTensor> Tensors, WeightFormat Format, long Offset, long Scales, long Rows, long Columns);

/// <summary>A norm's weights, in the type of activations.</summary>
/// <param name="Tensor">What is stored.</param>
/// <param name="Offset">First byte.</param>
internal sealed record NormPlan(StoredTensor Tensor, long Offset);

/// <summary>
/// Lays the tensors of a part out in one piece of memory. Measuring and loading both follow it, so that what is measured
/// is what is allocated.
/// </summary>
internal sealed class PartPlan
{
    // In bytes: what torch's kernels like to start at.
    private const int Alignment = 256;

    private readonly ICheckpoint checkpoint;
    private readonly WeightFormat format;

    public PartPlan(ICheckpoint checkpoint, Precision precision, TorchDevice device)
    {
        (this.checkpoint, format) = (checkpoint, precision switch { Precision.Int8 => WeightFormat.Int8, Precision.Int4 => WeightFormat.Int4, _ => WeightFormat.Plain });
        device.Require(format);
        Traits.Require(checkpoint.Info.Architecture);
        Type = format != WeightFormat.Plain || precision == Precision.Auto ? Natural(checkpoint.Info.StoredType, device) : Elements.TypeOf(precision);
        if (!device.Computes(Type)) throw new NotSupportedException($"{device.Name} does not compute in {precision}; it holds Fp32, Bf16, Int8 and Int4.");
    }

    /// <summary>Type of activations, of norms, and of matrices that are held as they are.</summary>
    public ScalarType Type { get; }

    /// <summary>Bytes laid out so far.</summary>
    public long Bytes { get; private set; }

    public NormPlan Norm(TensorRole role, int layer = -1) => TryNorm(role, layer) ?? throw Missing(role, layer);

    public NormPlan? TryNorm(TensorRole role, int layer) =>
        checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor) ? new NormPlan(tensor, Take(tensor.Elements * Elements.BytesOf(Type))) : null;

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

        var (columns, size) = (tensors[0].Columns, Elements.BytesOf(Type));
        return FormatOf(tensors, roles[0]) switch
        {
            WeightFormat.Int8 => new MatrixPlan(tensors, WeightFormat.Int8, Take(rows * columns), Take(rows * size), rows, columns),
            WeightFormat.Int4 => new MatrixPlan(tensors, WeightFormat.Int4, Take(rows * columns / 2), Take(2 * rows * columns / TorchOperators.Int4Group * size), rows, columns),
            _ => new MatrixPlan(tensors, WeightFormat.Plain, Take(rows * columns * size), 0, rows, columns),
        };
    }

    public MatrixPlan? TryMatrix(TensorRole role, int layer) =>
        checkpoint.TryGetTensor(new TensorKey(role, layer), out _) ? Matrix(layer, role) : null;

    // What kernels do not take stays as it is. So do, beside 4 bits, embedding and heads, where most of the loss would be.
    private WeightFormat FormatOf(List<StoredTensor> tensors, TensorRole role) => format switch
    {
        WeightFormat.Int8 when tensors[0].Columns % TorchOperators.Int8Columns == 0 => WeightFormat.Int8,
        WeightFormat.Int4 when role is not (TensorRole.Embedding or TensorRole.Head or TensorRole.ExitHead) && tensors[0].Columns % TorchOperators.Int4Group == 0
            && tensors.TrueForAll(tensor => tensor.Rows % TorchOperators.Int4Rows == 0) => WeightFormat.Int4,
        _ => WeightFormat.Plain,
    };

    // Half precision has too small a range for scales of small weights; CUDA's product with 4 bits takes bfloat16 alone. Blocks of small
    // integers have no more bits than bfloat16.
    private ScalarType Natural(TensorType stored, TorchDevice device)
    {
        var type = stored.IsQuantised() && device.IsCuda ? ScalarType.BFloat16 : Elements.TypeOf(stored);
        if (!device.Computes(type)) return ScalarType.Float32;
        return (format != WeightFormat.Plain && type == ScalarType.Float16) || (format == WeightFormat.Int4 && device.IsCuda) ? ScalarType.BFloat16 : type;
    }

    private long Take(long bytes)
    {
        var offset = Bytes;
        Bytes += (bytes + Alignment - 1) / Alignment * Alignment;
        return offset;
    }

    private CheckpointException Missing(TensorRole role, int layer) =>
        new($"{checkpoint.Info.Path}: no tensor {role}{(layer < 0 ? "" : Invariant($" of layer {layer}"))}.");
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
        (Type, Bytes) = (plan.Type, plan.Bytes);
    }

    public NormPlan AttentionNorm { get; }

    public MatrixPlan QueryKeyValue { get; }

    public MatrixPlan AttentionOutput { get; }

    public NormPlan FeedForwardNorm { get; }

    public MatrixPlan GateUp { get; }

    public MatrixPlan Down { get; }

    public NormPlan? ExitNorm { get; }

    public MatrixPlan? ExitHead { get; }

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    public long Bytes { get; }
}

/// <summary>Where embedding, final norm and head go. A tied head is held once, and embeds too.</summary>
internal sealed class FixedPlan
{
    public FixedPlan(ICheckpoint checkpoint, Precision precision, TorchDevice device)
    {
        var plan = new PartPlan(checkpoint, precision, device);
        FinalNorm = plan.Norm(TensorRole.FinalNorm);
        var tied = checkpoint.Info.Architecture.Head.IsTied;
        Head = plan.Matrix(-1, tied ? TensorRole.Embedding : TensorRole.Head);
        Embedding = tied ? Head : plan.Matrix(-1, TensorRole.Embedding);
        (Type, Bytes) = (plan.Type, plan.Bytes);
    }

    public NormPlan FinalNorm { get; }

    public MatrixPlan Head { get; }

    /// <summary>The head itself where it is tied.</summary>
    public MatrixPlan Embedding { get; }

    /// <summary>Type of activations.</summary>
    public ScalarType Type { get; }

    public long Bytes { get; }
}
