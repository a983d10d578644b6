using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Operators;

namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>A vector in the memory of a part: tensors one behind another.</summary>
/// <param name="Tensors">What is stored, in order.</param>
/// <param name="Type">Type in which it is held.</param>
/// <param name="Addend">Added to every element.</param>
/// <param name="Offset">First byte.</param>
internal sealed record VectorPlan(IReadOnlyList<StoredTensor> Tensors, ScalarType Type, float Addend, long Offset)
{
    public long Length => Tensors.Sum(tensor => tensor.Elements);
}

/// <summary>Tensors one below another in the memory of a part, <c>[Rows, Columns]</c>.</summary>
/// <param name="Tensors">What is stored, in order.</param>
/// <param name="Format">How it is held.</param>
/// <param name="Type">Type of plain weights, or of scales.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Scales">First byte of scales; 0 where the format has none.</param>
internal sealed record MatrixPlan(IReadOnlyList<StoredTensor> Tensors, WeightFormat Format, ScalarType Type, long Offset, long Scales)
{
    /// <summary>Rows of all tensors.</summary>
    public long Rows => Tensors.Sum(tensor => (long)tensor.Rows);

    /// <summary>Elements of a row.</summary>
    public long Columns => Tensors[0].Columns;
}

/// <summary>A norm in the memory of a part.</summary>
internal sealed record NormPlan(NormLayout Layout, VectorPlan Weight, VectorPlan? Bias);

/// <summary>A projection in the memory of a part; a bias has the rows of the matrix.</summary>
internal sealed record LinearPlan(MatrixPlan Weight, VectorPlan? Bias);

/// <summary>A feed-forward network in the memory of a part.</summary>
internal sealed record NetworkPlan(LinearPlan GateUp, LinearPlan Down);

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
        Type = format != WeightFormat.Plain || precision == Precision.Auto ? Natural(checkpoint.Info.StoredType, device) : Elements.TypeOf(precision);
        if (!device.Computes(Type)) throw new NotSupportedException($"{device.Name} does not compute in {precision}; it holds Fp32, Bf16, Int8 and Int4.");
    }

    /// <summary>Type of activations, and of most weights that are held as they are.</summary>
    public ScalarType Type { get; }

    /// <summary>Bytes laid out so far.</summary>
    public long Bytes { get; private set; }

    public NormPlan Norm(TensorRole role, NormLayout norm) => TryNorm(role, norm, layer: -1) ?? throw Missing(new TensorKey(role));

    /// <summary>A norm, or null where the checkpoint has none.</summary>
    public NormPlan? TryNorm(TensorRole role, NormLayout? norm, int layer)
    {
        var key = new TensorKey(role, layer);
        if (norm is null || !checkpoint.TryGetTensor(key, out var weight)) return null;

        // Near 1, bfloat16 would keep little of what is added to it.
        var plan = norm.Kind == NormKind.RmsOffset ? Vector([weight], ScalarType.Float32, addend: 1) : Vector([weight], Type);
        return new NormPlan(norm, plan, checkpoint.TryGetTensor(key with { Part = TensorPart.Bias }, out var bias) ? Vector([bias], Type) : null);
    }

    /// <summary>Projections of one input, one below another. All have a bias, or none.</summary>
    public LinearPlan Linear(params ReadOnlySpan<TensorKey> keys)
    {
        var weight = Matrix(keys);
        if (!checkpoint.TryGetTensor(keys[0] with { Part = TensorPart.Bias }, out _)) return new LinearPlan(weight, Bias: null);
        var biases = new List<StoredTensor>(keys.Length);
        foreach (var key in keys) biases.Add(Find(key with { Part = TensorPart.Bias }));
        return new LinearPlan(weight, Vector(biases, Type));
    }

    /// <summary>Tensors of as many columns, one below another.</summary>
    public MatrixPlan Matrix(params ReadOnlySpan<TensorKey> keys)
    {
        var tensors = new List<StoredTensor>(keys.Length);
        foreach (var key in keys) tensors.Add(Find(key));
        var (rows, columns) = (tensors.Sum(tensor => (long)tensor.Rows), (long)tensors[0].Columns);

        // A router decides between experts, which half precision may change.
        var type = keys[0].Role == TensorRole.Router ? ScalarType.Float32 : Type;
        var size = Elements.BytesOf(type);
        return FormatOf(tensors, keys[0].Role) switch
        {
            WeightFormat.Int8 => new MatrixPlan(tensors, WeightFormat.Int8, type, Take(rows * columns), Take(rows * size)),
            WeightFormat.Int4 => new MatrixPlan(tensors, WeightFormat.Int4, type, Take(rows * columns / 2), Take(2 * rows * columns / TorchOperators.Int4Group * size)),
            _ => new MatrixPlan(tensors, WeightFormat.Plain, type, Take(rows * columns * size), Scales: 0),
        };
    }

    public MatrixPlan? TryMatrix(TensorKey key) => checkpoint.TryGetTensor(key, out _) ? Matrix(key) : null;

    private VectorPlan Vector(IReadOnlyList<StoredTensor> tensors, ScalarType type, float addend = 0) =>
        new(tensors, type, addend, Take(tensors.Sum(tensor => tensor.Elements) * Elements.BytesOf(type)));

    // What kernels do not take stays as it is. So do a router, the map of an exit, and learnt positions, of which a token reads one row; and, beside 4 bits, what
    // turns tokens into states and states into tokens, where most of the loss would be.
    private WeightFormat FormatOf(List<StoredTensor> tensors, TensorRole role) => format switch
    {
        WeightFormat.Int8 or WeightFormat.Int4 when role is TensorRole.Router or TensorRole.PositionEmbedding or TensorRole.ExitMap => WeightFormat.Plain,
        WeightFormat.Int8 when tensors[0].Columns % TorchOperators.Int8Columns == 0 => WeightFormat.Int8,
        WeightFormat.Int4 when role is TensorRole.Embedding or TensorRole.EmbeddingProjection or TensorRole.Head or TensorRole.HeadProjection or TensorRole.ExitHead => WeightFormat.Plain,
        WeightFormat.Int4 when tensors[0].Columns % TorchOperators.Int4Group == 0 && tensors.TrueForAll(tensor => tensor.Rows % TorchOperators.Int4Rows == 0) => WeightFormat.Int4,
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

    private StoredTensor Find(TensorKey key) => checkpoint.TryGetTensor(key, out var tensor) ? tensor : throw Missing(key);

    private CheckpointException Missing(TensorKey key) => new($"{checkpoint.Info.Path}: no tensor {key}.");
}
