using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>
/// Tests whether a share of tokens may be over a bound, whole requests being the units. It holds for any number of requests and
/// any distribution of them: tokens alike within a request, a few requests that hold all the harm, lengths of a heavy tail.
/// </summary>
/// <remarks>
/// By betting (Waudby-Smith and Ramdas 2024). If the share is over the bound α, then <c>disagreeing - α tokens</c> of a request is
/// positive in the mean, and a wealth that grows by <c>1 - λ (disagreeing - α tokens) / longest</c> with each request stays, in
/// the mean, below where it began, for every stake λ up to <c>1 / (1 - α)</c>, at which a request of the longest length that is
/// all wrong takes everything. So a wealth of 1/p has at most probability p. The wealth is put on several stakes at once: no
/// order among the requests, nothing drawn. Where nothing disagrees and all requests are of the longest length it is the
/// binomial test, but for the wealth on lower stakes.
/// Tests by scatter (normal, bootstrap) have more power and do not hold: a sample that missed the few bad requests scatters
/// little, and is believed.
/// </remarks>
internal static class RiskTest
{
    /// <summary>Stakes, as a share of the highest, and the share of wealth on each.</summary>
    private static readonly (double Stake, double Wealth)[] Bets = [(1, 0.5), (0.75, 0.125), (0.5, 0.125), (0.25, 0.125), (0.125, 0.125)];

    /// <summary>Probability, at most, of seeing these requests if the share of all traffic were <paramref name="maxShare"/> or more.</summary>
    /// <param name="requests">Disagreeing tokens, and all tokens, of each.</param>
    /// <param name="maxShare">The bound, in (0, 1).</param>
    /// <param name="longest">Most tokens that a request may have, settled before any was read.</param>
    public static double PValue(IReadOnlyCollection<Counted> requests, double maxShare, int longest)
    {
        Check(requests, maxShare, longest);
        var wealth = Bets.Sum(bet => bet.Wealth * Math.Exp(LogGrowth(requests, maxShare, longest, bet.Stake)));
        return Math.Min(1, 1 / wealth);
    }

    /// <summary>Requests like these that it would take, at about 1 in 2, to come below a p-value; null when no number would.</summary>
    /// <param name="requests">Disagreeing tokens, and all tokens, of each; at least one.</param>
    /// <param name="maxShare">The bound, in (0, 1).</param>
    /// <param name="longest">Most tokens that a request may have.</param>
    /// <param name="pValue">The p-value wanted.</param>
    public static int? RequestsNeeded(IReadOnlyCollection<Counted> requests, double maxShare, int longest, double pValue)
    {
        Check(requests, maxShare, longest);
        var fewest = Bets.Min(bet =>
        {
            var growth = LogGrowth(requests, maxShare, longest, bet.Stake) / requests.Count;
            return growth > 0 ? Math.Log(1 / (pValue * bet.Wealth)) / growth : double.PositiveInfinity;
        });
        return fewest < int.MaxValue ? (int)Math.Ceiling(fewest) : null;
    }

    private static double LogGrowth(IReadOnlyCollection<Counted> requests, double maxShare, int longest, double stake)
    {
        var scale = stake / (1 - maxShare) / longest;
        return requests.Sum(request => Math.Log(Math.Max(0, 1 - scale * (request.Part - maxShare * request.Whole))));
    }

    private static void Check(IReadOnlyCollection<Counted> requests, double maxShare, int longest)
    {
        if (maxShare is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(maxShare), maxShare, "Expected a share between 0 and 1.");
        if (requests.FirstOrDefault(request => request.Whole > longest) is { Whole: > 0 } over)
            throw new ArgumentException(Invariant($"A request of {over.Whole} tokens; expected at most {longest}."), nameof(requests));
    }
}
