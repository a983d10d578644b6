namespace Helios.Sdk.Serving.Drafting;

/// <summary>
/// How often a drafted token is the verified one, by the probability of the exit's likeliest token. Every verified draft
/// teaches it, so it follows the traffic.
/// </summary>
internal sealed class AcceptanceCurve
{
    private const int Bins = 16;
    private const double PriorTokens = 2;
    private const double Memory = 256;

    private readonly double[] shares = new double[Bins];
    private readonly double[] weights = new double[Bins];
    private double meanWeight = PriorTokens;

    public AcceptanceCurve()
    {
        Array.Fill(shares, Mean);
        Array.Fill(weights, PriorTokens);
    }

    /// <summary>Share over all signals.</summary>
    public double Mean { get; private set; } = 0.5;

    /// <summary>Chance that a token drafted with this signal is accepted.</summary>
    public double At(float top1) => shares[Bin(top1)];

    public void Learn(float top1, bool accepted)
    {
        var bin = Bin(top1);
        shares[bin] = Moved(shares[bin], ref weights[bin], accepted);
        Mean = Moved(Mean, ref meanWeight, accepted);
    }

    private static double Moved(double share, ref double weight, bool accepted)
    {
        weight = Math.Min(weight + 1, Memory);
        return share + ((accepted ? 1 : 0) - share) / weight;
    }

    // Min and max in this order take a NaN to the first bin.
    private static int Bin(float top1) => Math.Min((int)(MathF.Max(0, top1) * Bins), Bins - 1);
}
