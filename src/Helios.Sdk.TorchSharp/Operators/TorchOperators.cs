namespace Helios.Sdk.TorchSharp.Operators;

/// <summary>Operators of libtorch that TorchSharp binds no method to, each with the shapes it takes.</summary>
internal static class TorchOperators
{
    /// <summary>What the columns of weights in 8 bits are a multiple of: with others a kernel of torch's CPU reads beyond its rows.</summary>
    public const int Int8Columns = 16;

    /// <summary>RMS norm: x / sqrt(mean(x^2) + epsilon) times the weights. One kernel on CUDA; several on the CPU.</summary>
    /// <param name="x"><c>[rows, columns]</c>.</param>
    /// <param name="weights"><c>[columns]</c>, in the type of <paramref name="x"/>.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns><c>[rows, columns]</c>.</returns>
    public static Tensor RmsNorm(Tensor x, Tensor weights, double epsilon) =>
        Dispatcher.Call(
            "aten::rms_norm"u8,
            [Dispatcher.Argument(x), Dispatcher.List(weights.numel()), Dispatcher.Given(Dispatcher.Argument(weights)), Dispatcher.Given(Dispatcher.Argument(epsilon))]);

    /// <summary>A product with weights in 8 bits: x times the transposed weights, each column of the result times its scale.</summary>
    /// <param name="x"><c>[rows, columns]</c>, contiguous; FP32, BF16 or FP16.</param>
    /// <param name="weights"><c>[outputs, columns]</c> in 8 bits, contiguous; columns are a multiple of <see cref="Int8Columns"/>.</param>
    /// <param name="scales"><c>[outputs]</c>, in the type of <paramref name="x"/>.</param>
    /// <returns><c>[rows, outputs]</c>.</returns>
    public static Tensor Int8Product(Tensor x, Tensor weights, Tensor scales) =>
        Dispatcher.Call("aten::_weight_int8pack_mm"u8, [Dispatcher.Argument(x), Dispatcher.Argument(weights), Dispatcher.Argument(scales)]);

    /// <summary>The same memory as elements of another type.</summary>
    /// <param name="memory"><c>[bytes]</c>.</param>
    /// <param name="type">What its bytes are.</param>
    public static Tensor View(Tensor memory, ScalarType type) =>
        Dispatcher.Call("aten::view"u8, "dtype"u8, [Dispatcher.Argument(memory), (ulong)type]);
}
