using System.Collections.Immutable;
using System.Globalization;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Lab;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>
/// Learn-then-Test by fixed sequence (Angelopoulos and others 2021): points are tested from the safest to the boldest, each at
/// the full level, until one fails. With the stated confidence none is certified that should not be, however many are tested.
/// </summary>
internal static class FixedSequence
{
    /// <summary>Tests points in order.</summary>
    /// <param name="sequence">Each with what was counted of every request.</param>
    /// <param name="bound">What is to be shown.</param>
    public static ImmutableArray<TestedPoint> Test(IEnumerable<CountedPoint> sequence, RiskBound bound)
    {
        var tested = ImmutableArray.CreateBuilder<TestedPoint>();
        var failed = false;
        foreach (var (point, requests) in sequence)
        {
            var share = (double)requests.Sum(request => (long)request.Part) / requests.Sum(request => (long)request.Whole);
            double? pValue = failed ? null : RiskTest.PValue(requests, bound.MaxDisagreement, bound.LongestRequest);
            var because = pValue is { } p ? Refuse(p, share, requests, bound) : "a safer point before it does not qualify, so it was not tested";
            failed |= because is not null;
            tested.Add(new TestedPoint(point, share, Jackknife.Share(requests.AsSpan()), pValue, because));
        }

        return tested.ToImmutable();
    }

    private static string? Refuse(double pValue, double share, ImmutableArray<Counted> requests, RiskBound bound)
    {
        if (pValue <= bound.Level) return null;
        var found = $"{Percent(share)} of its tokens differ from those of the full depth";
        if (share >= bound.MaxDisagreement) return $"{found}, over the {Percent(bound.MaxDisagreement)} allowed";
        var needed = RiskTest.RequestsNeeded(requests, bound.MaxDisagreement, bound.LongestRequest, bound.Level);
        return needed is { } count
            ? Invariant($"{found}, but {requests.Length} requests are too few to show that it is at most {Percent(bound.MaxDisagreement)} everywhere; about {count} such requests would be enough")
            : $"{found}, but requests differ too much to show that it is at most {Percent(bound.MaxDisagreement)} everywhere";
    }

    private static string Percent(double share) => share.ToString("0.## %", CultureInfo.InvariantCulture);
}

/// <summary>A point, and what was counted of every request at it.</summary>
/// <param name="Point">The point.</param>
/// <param name="Requests">Disagreeing tokens, and all tokens, of each; at least one.</param>
internal readonly record struct CountedPoint(CertificationPoint Point, ImmutableArray<Counted> Requests);

/// <summary>What is to be shown.</summary>
/// <param name="MaxDisagreement">Largest share of tokens, in (0, 1).</param>
/// <param name="Confidence">Probability with which it holds, in (0, 1).</param>
/// <param name="LongestRequest">Most tokens of a request.</param>
internal readonly record struct RiskBound(double MaxDisagreement, double Confidence, int LongestRequest)
{
    /// <summary>Probability of a certificate that should not be.</summary>
    public double Level => 1 - Confidence;
}
