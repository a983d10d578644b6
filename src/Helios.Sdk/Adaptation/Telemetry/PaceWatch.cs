using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Measures the pace on the device thread, by every step, and notices when it is no longer what it was when a decision was
/// last made. Once.
/// </summary>
/// <param name="costs">By model, what its steps cost at pace 1.</param>
/// <param name="pace">The machine's.</param>
internal sealed class PaceWatch(IReadOnlyDictionary<string, StepCosts> costs, Pace pace)
{
    private const double Noticeable = 1.25;

    private readonly double decided = pace.Factor;
    private bool reported;

    /// <summary>A step ran; true once, when the pace has become another.</summary>
    public bool StepRan(string model, in StepTiming step)
    {
        if (!costs.TryGetValue(model, out var known)) return false;
        var predicted = known.Predict(step.Rows, step.SampledRows, step.Depth, step.ContextTokens);
        if (!(predicted > 0) || !(step.Times.Total > 0)) return false;

        pace.StepRan(predicted, step.Times.Total);
        if (reported) return false;
        return reported = pace.Factor > decided * Noticeable || pace.Factor * Noticeable < decided;
    }
}
