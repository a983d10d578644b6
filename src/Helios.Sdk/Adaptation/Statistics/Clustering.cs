namespace Helios.Sdk.Adaptation.Statistics;

/// <summary>
/// How alike the tokens of one request are: the correlation of two of them, from 0 (as good as independent) to 1 (all or none
/// are counted). Estimated from the scatter between requests against that within (analysis of variance).
/// </summary>
internal static class Clustering
{
    /// <summary>What is taken for granted of requests not seen so far.</summary>
    public const double Usual = 0.05;

    /// <summary>Requests that weigh as much as what is taken for granted: of a few alone the estimate is mostly luck.</summary>
    private const double UsualWeight = 10;

    /// <summary>
    /// A cautious estimate from requests: drawn towards <see cref="Usual"/>, the more so the fewer they are, and a standard error
    /// (Fisher's) higher, for who takes tokens for less alike than they are promises too much.
    /// </summary>
    /// <param name="requests">Tokens counted, and all tokens, of each request.</param>
    public static double Of(ReadOnlySpan<Counted> requests)
    {
        var (seen, size) = Estimate(requests);
        if (!double.IsFinite(seen)) return Usual;
        var drawn = Math.Clamp((requests.Length * seen + UsualWeight * Usual) / (requests.Length + UsualWeight), 0, 1);
        var error = (1 - drawn) * (1 + (size - 1) * drawn) * Math.Sqrt(2 / (size * Math.Max(1, size - 1) * (requests.Length - 1)));
        return Math.Min(1, drawn + error);
    }

    /// <summary>Without bias, so below 0 now and then; not a number where nothing scatters, as when no token is counted. And the tokens of a request, of a kind of mean.</summary>
    private static (double Clustering, double Size) Estimate(ReadOnlySpan<Counted> requests)
    {
        var (part, whole, squares) = (0.0, 0.0, 0.0);
        foreach (var request in requests)
        {
            part += request.Part;
            whole += request.Whole;
            squares += (double)request.Whole * request.Whole;
        }

        var (between, within) = (0.0, 0.0);
        foreach (var request in requests)
        {
            var rate = (double)request.Part / request.Whole;
            between += request.Whole * (rate - part / whole) * (rate - part / whole);
            within += request.Whole * rate * (1 - rate);
        }

        between /= requests.Length - 1;
        within /= whole - requests.Length;
        var size = (whole - squares / whole) / (requests.Length - 1);
        return ((between - within) / (between + (size - 1) * within), size);
    }
}
