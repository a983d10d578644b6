using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Certification;

/// <summary>What not to do: the binomial test, which takes tokens of one request to be independent. By its normal approximation.</summary>
internal static class TokenLevelTest
{
    public static double PValue(IReadOnlyCollection<Counted> requests, double maxShare)
    {
        var tokens = requests.Sum(request => (double)request.Whole);
        var z = (requests.Sum(request => (double)request.Part) - maxShare * tokens) / Math.Sqrt(tokens * maxShare * (1 - maxShare));
        return Lower(z);
    }

    /// <summary>The normal distribution's lower tail (Zelen and Severo).</summary>
    private static double Lower(double z)
    {
        if (z > 0) return 1 - Lower(-z);
        var t = 1 / (1 + 0.2316419 * -z);
        var tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * tail;
    }
}
