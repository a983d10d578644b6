namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// How much longer steps take than the cost models say, whichever model runs: another process takes cores, or gives them
/// back. Quick, where the cost models are slow; small differences are theirs to learn. Written by the adaptation loop,
/// read by any thread.
/// </summary>
internal sealed class Pace
{
    /// <summary>A lasting difference below this is a cost model's to learn.</summary>
    private const double Noticeable = 1.25;

    /// <summary>Weight of the latest step.</summary>
    private const double Weight = 1.0 / 16;

    /// <summary>Furthest that one step may lie from what is known, as a logarithm: a collection is not a change of pace.</summary>
    private const double Furthest = 1;

    private double logarithm;
    private double factor = 1;

    /// <summary>Measured over predicted; 1 while the difference is small.</summary>
    public double Factor => Volatile.Read(ref factor);

    /// <summary>Learns from a step.</summary>
    /// <param name="predicted">Seconds that the cost model alone says, above 0.</param>
    /// <param name="measured">Seconds it took, above 0.</param>
    public void Observe(double predicted, double measured)
    {
        var seen = Math.Log(measured / predicted);
        logarithm += Weight * Math.Clamp(seen - logarithm, -Furthest, Furthest);
        Volatile.Write(ref factor, Math.Abs(logarithm) < Math.Log(Noticeable) ? 1 : Math.Exp(logarithm));
    }
}
