using Helios.Sdk.Backends;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>
/// Draws tokens on the device: temperature, then the top k, then the top p of what those leave, then of those the ones of at least a share of
/// the largest weight, then the token at which the running sum of kept weights, likeliest first (lower id on ties), passes the draw. Sorts a few
/// of the likeliest where those decide, which nearly always they do, and else the vocabulary.
/// </summary>
internal static class DeviceSampler
{
    /// <summary>The likeliest tokens, tried first.</summary>
    public const int Candidates = 256;

    /// <summary>Draws from some of the likeliest.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="logits"><c>[rows, vocabulary]</c> in FP32.</param>
    /// <param name="summary">Of the same.</param>
    /// <param name="draws">How, one per row.</param>
    /// <param name="candidates">How many are tried.</param>
    /// <returns>Token ids <c>[rows]</c>; and whether each is what all tokens would give, to be drawn by <see cref="DrawSorted"/> where not. Null where all are.</returns>
    public static (Tensor Ids, Tensor? Settled) Draw(StepConstants constants, Tensor logits, LogitSummary summary, ReadOnlySpan<SampleRow> draws, int candidates = Candidates)
    {
        if (AreGreedy(draws)) return (summary.TopId, null);
        if (logits.shape[1] <= candidates) return (DrawSorted(constants, logits, summary, draws), null);

        using var scope = torch.NewDisposeScope();
        var how = new DrawParameters(constants, draws, logits.shape[1]);
        var all = Weights(logits, summary, how);
        var ids = Likeliest(logits, candidates);
        var weights = all.gather(1, ids);
        var sums = weights.cumsum(1);
        var most = how.TopK.clamp_max(candidates);

        // What the top k leave: their sum, or that of all. Of more than the candidates, and fewer than all, it is not known.
        var isWithin = how.TopK.le(candidates);
        var mass = sums.gather(1, most.sub(constants.One64)).where(isWithin, all.sum(1, keepdim: true));
        var known = isWithin.logical_or(how.TopK.ge(logits.shape[1]));
        var kept = Cut(constants, how, weights, sums, mass, most);

        // Where no cut lies within, more may be kept: known again where the top p cuts nothing.
        var isCut = isWithin.logical_or(kept.lt(candidates));
        known = known.logical_and(isCut.logical_or(how.TopP.isinf()));
        var beyond = all.where(all.ge(how.MinP), constants.Zero64).sum(1, keepdim: true);
        mass = sums.gather(1, kept.sub(constants.One64)).where(isCut, beyond);

        // A token as likely as the last candidate has others beside it that are none.
        var place = sums.le(how.Uniform * mass).sum(1, keepdim: true);
        place = place.minimum(LastOf(constants, weights, kept).where(isCut, torch.full_like(kept, candidates)));
        var inside = place.clamp_max(candidates - 1);
        known = known.logical_and(place.lt(candidates)).logical_and(weights.gather(1, inside).gt(weights.narrow(1, candidates - 1, 1)));
        var isFinite = summary.LogSum.isfinite();
        var drawn = ids.gather(1, inside).squeeze(1).where(isFinite, summary.TopId);
        return (drawn.MoveToOuterDisposeScope(), known.squeeze(1).logical_or(isFinite.logical_not()).MoveToOuterDisposeScope());
    }

    /// <summary>Draws from all tokens, sorted.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="logits"><c>[rows, vocabulary]</c> in FP32.</param>
    /// <param name="summary">Of the same.</param>
    /// <param name="draws">How, one per row.</param>
    /// <returns>Token ids <c>[rows]</c>.</returns>
    public static Tensor DrawSorted(StepConstants constants, Tensor logits, LogitSummary summary, ReadOnlySpan<SampleRow> draws)
    {
        using var scope = torch.NewDisposeScope();
        var how = new DrawParameters(constants, draws, logits.shape[1]);
        var (sorted, ids) = logits.sort(1, descending: true, stable: true);
        var weights = Weights(sorted, summary, how);
        var sums = weights.cumsum(1);
        var kept = Cut(constants, how, weights, sums, sums.gather(1, how.TopK.sub(constants.One64)), how.TopK);
        var mass = sums.gather(1, kept.sub(constants.One64));

        // Rounding may leave the draw next to all the mass unpassed: what is found then is the last token that has weight.
        var place = sums.le(how.Uniform * mass).sum(1, keepdim: true).minimum(LastOf(constants, weights, kept));
        var drawn = ids.gather(1, place).squeeze(1);

        // Of logits without a finite sum nothing can be drawn.
        return drawn.where(summary.LogSum.isfinite(), summary.TopId).MoveToOuterDisposeScope();
    }

    /// <summary>Whether a row takes the likeliest token whatever the draw.</summary>
    public static bool IsGreedy(in SampleRow draw) => !(draw.Temperature > 0) || draw.TopK == 1;

    private static bool AreGreedy(ReadOnlySpan<SampleRow> draws)
    {
        foreach (ref readonly var draw in draws)
        {
            if (!IsGreedy(draw)) return false;
        }

        return true;
    }

    // Of the likeliest token 1, in double.
    private static Tensor Weights(Tensor logits, LogitSummary summary, DrawParameters how) =>
        (logits - summary.Top.unsqueeze(1)).to(ScalarType.Float64).div_(how.Temperature).exp_();

    // Ids of the likeliest, likeliest first, lower id on ties, which topk leaves in any order.
    private static Tensor Likeliest(Tensor logits, int candidates)
    {
        var ids = logits.topk(candidates, 1, largest: true, sorted: false).indexes.sort(1).Values;
        return ids.gather(1, logits.gather(1, ids).sort(1, descending: true, stable: true).Indices);
    }

    // How many of the likeliest are kept: each cut leaves at least one.
    private static Tensor Cut(StepConstants constants, DrawParameters how, Tensor weights, Tensor sums, Tensor mass, Tensor most)
    {
        var kept = most.minimum((sums - weights).lt(how.TopP * mass).sum(1, keepdim: true)).maximum(constants.One64);
        return kept.minimum(weights.ge(how.MinP).sum(1, keepdim: true)).maximum(constants.One64);
    }

    private static Tensor LastOf(StepConstants constants, Tensor weights, Tensor kept) =>
        kept.minimum(weights.gt(constants.Zero64).sum(1, keepdim: true)).maximum(constants.One64).sub(constants.One64);
}

/// <summary>How rows are drawn, on the device, each <c>[rows, 1]</c>.</summary>
internal readonly struct DrawParameters
{
    /// <summary>Copies them there.</summary>
    /// <param name="constants">What does not change from step to step.</param>
    /// <param name="draws">One per row.</param>
    /// <param name="vocabulary">Number of tokens.</param>
    public DrawParameters(StepConstants constants, ReadOnlySpan<SampleRow> draws, long vocabulary)
    {
        var count = draws.Length;
        var parameters = constants.Doubles.Room<double>(5 * count);
        for (var i = 0; i < count; i++)
        {
            ref readonly var draw = ref draws[i];
            var isGreedy = DeviceSampler.IsGreedy(draw);
            parameters[i] = isGreedy ? 1 : draw.Temperature;
            parameters[count + i] = isGreedy ? 1 : draw.TopK > 0 && draw.TopK < vocabulary ? draw.TopK : vocabulary;
            parameters[(2 * count) + i] = draw.TopP < 1 ? draw.TopP : double.PositiveInfinity;
            parameters[(3 * count) + i] = draw.MinP;
            parameters[(4 * count) + i] = draw.Uniform;
        }

        var device = constants.Doubles.ToDevice(5 * count);
        Tensor Parameter(int which) => device.narrow(0, which * count, count).view(count, 1);
        (Temperature, TopK, TopP, MinP, Uniform) = (Parameter(0), Parameter(1).to(ScalarType.Int64), Parameter(2), Parameter(3), Parameter(4));
    }

    /// <summary>Temperature; 1 for a row that takes the likeliest.</summary>
    public Tensor Temperature { get; }

    /// <summary>Most tokens kept: at least 1, at most all.</summary>
    public Tensor TopK { get; }

    /// <summary>Share of the weight kept; infinite where nothing is cut.</summary>
    public Tensor TopP { get; }

    /// <summary>Least weight kept, of the likeliest token's.</summary>
    public Tensor MinP { get; }

    /// <summary>The draw, from 0 to 1.</summary>
    public Tensor Uniform { get; }
}
