using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Statistics;

/// <summary>
/// Requests whose share of counted tokens is known: each has a length and a rate of its own, drawn apart, so that the share over
/// all tokens is the mean rate.
/// </summary>
internal sealed class SyntheticRequests(int seed)
{
    private readonly Random random = new(seed);

    /// <summary>Share of all tokens that are counted.</summary>
    public double Rate { get; init; } = 0.02;

    /// <summary>
    /// How alike requests are: their rates follow a beta distribution whose parameters sum to this. 1000 is nearly independent
    /// tokens, 20 clustered, 1 skewed: most requests have none, a few have nearly all.
    /// </summary>
    public double Concentration { get; init; } = 20;

    /// <summary>Spread of the logarithm of lengths around 33 tokens: 0 is one length, 1 a heavy tail.</summary>
    public double LengthSpread { get; init; } = 0.8;

    /// <summary>Tokens that longer requests are cut to.</summary>
    public int LongestRequest { get; init; } = 256;

    public Counted[] Draw(int requests) => [.. Enumerable.Range(0, requests).Select(_ => Draw())];

    private Counted Draw()
    {
        var length = Math.Clamp((int)Math.Exp(3.5 + LengthSpread * Normal()), 5, LongestRequest);
        var (counted, others) = (Gamma(Rate * Concentration), Gamma((1 - Rate) * Concentration));
        var rate = counted / (counted + others);
        var part = 0;
        for (var i = 0; i < length; i++)
        {
            if (random.NextDouble() < rate) part++;
        }

        return new Counted(part, length);
    }

    /// <summary>Marsaglia and Tsang (2000); shapes below 1 by their power of a uniform.</summary>
    private double Gamma(double shape)
    {
        if (shape < 1) return Gamma(shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        var d = shape - 1.0 / 3;
        while (true)
        {
            var x = Normal();
            var v = Math.Pow(1 + x / Math.Sqrt(9 * d), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < 0.5 * x * x + d - d * v + d * Math.Log(v)) return d * v;
        }
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
