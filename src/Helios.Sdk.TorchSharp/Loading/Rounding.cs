namespace Helios.Sdk.TorchSharp.Loading;

/// <summary>Weights rounded to whole numbers, symmetrically about 0.</summary>
internal static class Rounding
{
    /// <summary>Rounds to the nearest of 8 bits, each row under a scale that takes its largest weight to 127. Scales are numbers that bfloat16 holds.</summary>
    /// <param name="weights"><c>[rows, columns]</c> on the host.</param>
    /// <returns>Weights <c>[rows, columns]</c> in 8 bits, and scales <c>[rows]</c> in FP32.</returns>
    public static (Tensor Weights, Tensor Scales) ToInt8(Tensor weights)
    {
        var exact = weights.to(ScalarType.Float32);
        var scales = exact.abs().amax([1]).div_(127f).to(ScalarType.BFloat16).to(ScalarType.Float32);

        // A row of zeros, or of numbers too small for its scale, is zeros.
        var divisors = scales.where(scales.gt(0f), torch.ones_like(scales)).unsqueeze(1);
        return (exact.div(divisors).round_().clamp_(-127f, 127f).to(ScalarType.Int8), scales);
    }
}
