using TorchSharp;

namespace Helios.Sdk.TorchSharp.Operators;

/// <summary>Operators of libtorch that TorchSharp binds no method to, each with the shapes it takes.</summary>
internal static class TorchOperators
{
    /// <summary>What the columns of weights in 8 bits are a multiple of: with others a kernel of torch's CPU reads beyond its rows.</summary>
    public const int Int8Columns = 16;

    /// <summary>Weights in 4 bits that share a scale.</summary>
    public const int Int4Group = 32;

    /// <summary>What the rows of weights in 4 bits are a multiple of, so that they can be packed a few at a time.</summary>
    public const int Int4Rows = 64;

    // How many tiles of 16 columns CUDA's kernel takes together: the fewest, of which a group is a multiple.
    private const int InnerTiles = 2;

    /// <summary>RMS norm: x / sqrt(mean(x^2) + epsilon) times the weights. One kernel on CUDA; several on the CPU.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="weights"><c>[columns]</c>, in the type of <paramref name="x"/>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns><c>[rows, columns]</c>.</returns>
    public static Tensor RmsNorm(Tensor x, Tensor weights, double epsilon) =>
        Dispatcher.Call(
            "aten::rms_norm"u8,
            [Dispatcher.Argument(x), Dispatcher.List(weights.numel()), Dispatcher.Given(Dispatcher.Argument(weights)), Dispatcher.Given(Dispatcher.Argument(epsilon))]);

    /// <summary>Scaled dot-product attention.</summary>
    /// <param name="queries"><c>[sequences, heads, rows, headDim]</c>.</param>
    /// <param name="keys"><c>[sequences, heads, length, headDim]</c>.</param>
    /// <param name="values">As <paramref name="keys"/>.</param>
    /// <param name="mask">Added to scores, <c>[sequences, 1, rows, length]</c> in their type; null for none.</param>
    /// <param name="scale">Factor of scores.</param>
    /// <returns>As <paramref name="queries"/>.</returns>
    public static Tensor Attention(Tensor queries, Tensor keys, Tensor values, Tensor? mask, double scale)
    {
        const ulong none = 0;
        const ulong no = 0;
        return Dispatcher.Call(
            "aten::scaled_dot_product_attention"u8,
            [
                Dispatcher.Argument(queries), Dispatcher.Argument(keys), Dispatcher.Argument(values), mask is null ? none : Dispatcher.Given(Dispatcher.Argument(mask)),
                Dispatcher.Argument(0d), no, Dispatcher.Given(Dispatcher.Argument(scale)), no,
            ]);
    }

    /// <summary>A product with weights in 8 bits: x times the transposed weights, each column of the result times its scale.</summary>
    /// <param name="x"><c>[rows, columns]</c>, contiguous; FP32, BF16 or FP16.</param>
    /// <param name="weights"><c>[outputs, columns]</c> in 8 bits, contiguous; columns are a multiple of <see cref="Int8Columns"/>.</param>
    /// <param name="scales"><c>[outputs]</c>, in the type of <paramref name="x"/>.</param>
    /// <returns><c>[rows, outputs]</c>.</returns>
    public static Tensor Int8Product(Tensor x, Tensor weights, Tensor scales) =>
        Dispatcher.Call("aten::_weight_int8pack_mm"u8, [Dispatcher.Argument(x), Dispatcher.Argument(weights), Dispatcher.Argument(scales)]);

    /// <summary>Packs numbers of 4 bits as <see cref="Int4Product"/> takes them on their device.</summary>
    /// <param name="numbers"><c>[rows, columns]</c>, 0 to 15, as bytes.</param>
    /// <returns>Half a byte a number: bytes <c>[rows, columns / 2]</c> on the CPU, 32 bits <c>[rows / 8, columns / 32, 32, 1]</c> on CUDA.</returns>
    public static Tensor Int4Pack(Tensor numbers)
    {
        if (numbers.device_type != DeviceType.CUDA)
            return Dispatcher.Call("aten::_convert_weight_to_int4pack_for_cpu"u8, [Dispatcher.Argument(numbers.to(ScalarType.Int32)), 1]);
        var pairs = numbers.view(numbers.shape[0], -1, 2);
        var bytes = (pairs.select(2, 0) * (byte)16).add_(pairs.select(2, 1)).contiguous();
        return Dispatcher.Call("aten::_convert_weight_to_int4pack"u8, [Dispatcher.Argument(bytes), InnerTiles]);
    }

    /// <summary>A product with weights in 4 bits: x times the transposed weights, of which each is its number less 8, times the scale of its group.</summary>
    /// <param name="x"><c>[rows, columns]</c>, contiguous; BF16, and on the CPU FP32 and FP16.</param>
    /// <param name="packed">What <see cref="Int4Pack"/> made.</param>
    /// <param name="scales">A scale and a zero for each group, <c>[columns / group, outputs, 2]</c>, in the type of <paramref name="x"/>.</param>
    /// <returns><c>[rows, outputs]</c>.</returns>
    public static Tensor Int4Product(Tensor x, Tensor packed, Tensor scales) =>
        Dispatcher.Call(
            packed.device_type == DeviceType.CUDA ? "aten::_weight_int4pack_mm"u8 : "aten::_weight_int4pack_mm_for_cpu"u8,
            [Dispatcher.Argument(x), Dispatcher.Argument(packed), Int4Group, Dispatcher.Argument(scales)]);

    /// <summary>The same memory as elements of another type.</summary>
    /// <param name="memory"><c>[bytes]</c>.</param>
    /// <param name="type">What its bytes are.</param>
    public static Tensor View(Tensor memory, ScalarType type) =>
        Dispatcher.Call("aten::view"u8, "dtype"u8, [Dispatcher.Argument(memory), (ulong)type]);
}
