namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// How much longer steps take than the cost models say, whichever model runs: another process takes cores, or gives them
/// back. Quick, where the cost models are slow. Any thread may read it.
/// </summary>
/// <remarks>
/// A neighbour takes a core for milliseconds at a time: of steps shorter than that it leaves most as they are, and holds up a few for
/// the length of many. What answers take is the mean, over enough work to hold many such turns; what a model costs is the usual
/// step. So there are two figures.
/// </remarks>
internal sealed class Pace
{
    /// <summary>A lasting difference of the usual step below this is a cost model's to learn.</summary>
    private const double Noticeable = 1.25;

    /// <summary>Weight of the latest step in <see cref="Usual"/>, and the most that one step moves <see cref="Factor"/>: a collection is no change of pace.</summary>
    private const double Weight = 1.0 / 16;

    /// <summary>Furthest that one step may lie from <see cref="Usual"/>, as a logarithm.</summary>
    private const double Furthest = 1;

    /// <summary>Predicted seconds of work that <see cref="Factor"/> is a mean over; of steps that are longer, 1 / <see cref="Weight"/> of them.</summary>
    private const double Memory = 0.5;

    private readonly Lock gate = new();
    private double logarithm;
    private double usual = 1;
    private double? mean;

    /// <summary>Measured over predicted time of all steps, as far as they are watched: what predictions are scaled by.</summary>
    public double Factor
    {
        get { lock (gate) return mean ?? usual; }
    }

    /// <summary>Measured over predicted time of a usual step: what cost models are freed of; 1 while the difference is small.</summary>
    public double Usual
    {
        get { lock (gate) return usual; }
    }

    /// <summary>Device thread: a step ran.</summary>
    /// <param name="predicted">Seconds that the cost model alone says, above 0.</param>
    /// <param name="measured">Seconds it took, above 0.</param>
    public void StepRan(double predicted, double measured)
    {
        var share = 1 - Math.Exp(-predicted / Math.Max(Memory, predicted / Weight));
        lock (gate)
        {
            var before = mean ?? usual;
            mean = before + Math.Min(share * (measured / predicted - before), Weight);
        }
    }

    /// <summary>Adaptation loop: learns the usual step from one.</summary>
    /// <param name="predicted">Seconds that the cost model alone says, above 0.</param>
    /// <param name="measured">Seconds it took, above 0.</param>
    public void Observe(double predicted, double measured)
    {
        var seen = Math.Log(measured / predicted);
        logarithm += Weight * Math.Clamp(seen - logarithm, -Furthest, Furthest);
        lock (gate) usual = Math.Abs(logarithm) < Math.Log(Noticeable) ? 1 : Math.Exp(logarithm);
    }
}
