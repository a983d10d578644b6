using Helios.Sdk.TorchSharp.Operators;
using TorchSharp;

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

    /// <summary>
    /// Rounds to 4 bits in groups, each under the scale of a few whose squares of errors sum to the least. Scales are numbers that bfloat16 holds.
    /// </summary>
    /// <param name="weights"><c>[rows, columns]</c> on the host, of whole groups.</param>
    /// <returns>Numbers <c>[rows, columns]</c>, 0 to 15 for -8 to 7, as bytes; and scales <c>[columns / group, rows]</c> in FP32.</returns>
    public static (Tensor Numbers, Tensor Scales) ToInt4(Tensor weights)
    {
        var (rows, columns) = (weights.shape[0], weights.shape[1]);
        var exact = weights.to(ScalarType.Float32).view(rows, columns / TorchOperators.Int4Group, TorchOperators.Int4Group);
        var most = exact.abs().amax([2], keepdim: true).div_(7f);
        var (numbers, scales) = Rounded(exact, most);
        var errors = Error(exact, numbers, scales);
        foreach (var share in new[] { 0.95f, 0.9f, 0.85f, 0.8f, 0.75f })
        {
            var (otherNumbers, otherScales) = Rounded(exact, most * share);
            var otherErrors = Error(exact, otherNumbers, otherScales);
            var better = otherErrors.lt(errors);
            (numbers, scales, errors) = (otherNumbers.where(better, numbers), otherScales.where(better, scales), otherErrors.where(better, errors));
        }

        return (numbers.add_(8f).to(ScalarType.Byte).view(rows, columns), scales.squeeze(2).t());
    }

    private static (Tensor Numbers, Tensor Scales) Rounded(Tensor exact, Tensor scale)
    {
        var scales = scale.to(ScalarType.BFloat16).to(ScalarType.Float32);
        return (exact.div(scales.where(scales.gt(0f), torch.ones_like(scales))).round_().clamp_(-8f, 7f), scales);
    }

    private static Tensor Error(Tensor exact, Tensor numbers, Tensor scales) => (numbers * scales).sub_(exact).square().sum(2, keepdim: true);
}
