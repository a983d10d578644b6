using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// Draws tokens on the device: temperature, then the top k, then the top p of what those leave, then of those the ones of at least a share of
/// the largest weight, then the token at which the running sum of kept weights, likeliest first (lower id on ties), passes the draw.
/// </summary>
internal static class DeviceSampler
{
    /// <summary>Draws.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="logits"><c>[rows, vocabulary]</c> in FP32.</param>
    /// <param name="summary">Of the same.</param>
    /// <param name="draws">How, one per row.</param>
    /// <returns>Token ids <c>[rows]</c>.</returns>
    public static Tensor Draw(StepConstants constants, Tensor logits, LogitSummary summary, ReadOnlySpan<SampleRow> draws)
    {
        var greedy = true;
        foreach (ref readonly var draw in draws) greedy &= IsGreedy(draw);
        if (greedy) return summary.TopId;

        using var scope = torch.NewDisposeScope();
        var (count, vocabulary) = (draws.Length, logits.shape[1]);
        var parameters = constants.Draws.Room<double>(5 * count);
        for (var i = 0; i < count; i++)
        {
            ref readonly var draw = ref draws[i];
            parameters[i] = IsGreedy(draw) ? 1 : draw.Temperature;
            parameters[count + i] = IsGreedy(draw) ? 1 : draw.TopK > 0 && draw.TopK < vocabulary ? draw.TopK : vocabulary;
            parameters[(2 * count) + i] = draw.TopP < 1 ? draw.TopP : double.PositiveInfinity;
            parameters[(3 * count) + i] = draw.MinP;
            parameters[(4 * count) + i] = draw.Uniform;
        }

        var device = constants.Draws.ToDevice(5 * count);
        Tensor Parameter(int which) => device.narrow(0, which * count, count).view(count, 1);
        var (temperature, topK, topP, minP, uniform) = (Parameter(0), Parameter(1), Parameter(2), Parameter(3), Parameter(4));

        var (sorted, ids) = logits.sort(1, descending: true, stable: true);
        var weights = (sorted - summary.Top.unsqueeze(1)).to(ScalarType.Float64);
        weights.div_(temperature);
        weights.exp_();
        var sums = weights.cumsum(1);

        // Each cut leaves so many of the likeliest, at least one.
        var kept = topK.to(ScalarType.Int64);
        var mass = sums.gather(1, kept.sub(constants.One64));
        kept = kept.minimum((sums - weights).lt(topP * mass).sum(1, keepdim: true)).maximum(constants.One64);
        kept = kept.minimum(weights.ge(minP).sum(1, keepdim: true)).maximum(constants.One64);
        mass = sums.gather(1, kept.sub(constants.One64));

        // Rounding may leave the draw next to all the mass unpassed: what is found then is the last token that has weight.
        var last = kept.minimum(weights.gt(constants.Zero64).sum(1, keepdim: true)).maximum(constants.One64).sub(constants.One64);
        var place = sums.le(uniform * mass).sum(1, keepdim: true).minimum(last);
        var drawn = ids.gather(1, place).squeeze(1);

        // Of logits without a finite sum nothing can be drawn.
        return drawn.where(summary.LogSum.isfinite(), summary.TopId).MoveToOuterDisposeScope();
    }

    private static bool IsGreedy(in SampleRow draw) => !(draw.Temperature > 0) || draw.TopK == 1;
}
