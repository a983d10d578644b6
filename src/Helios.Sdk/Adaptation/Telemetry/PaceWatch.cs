using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// Notices on the device thread that steps take longer or shorter than predicted when a decision was last made. Once.
/// </summary>
/// <param name="costs">By model, what its steps were taken to cost.</param>
internal sealed class PaceWatch(IReadOnlyDictionary<string, StepCosts> costs)
{
    private const int Steps = 32;
    private static readonly double Noticeable = Math.Log(1.25);

    private double logarithm;
    private int seen;
    private bool told;

    /// <summary>A step ran; true once, when the pace has become another.</summary>
    public bool StepRan(string model, in StepTiming step)
    {
        if (told || !costs.TryGetValue(model, out var known)) return false;
        var predicted = known.Predict(step.Rows, step.SampledRows, step.Depth, step.ContextTokens);
        if (!(predicted > 0) || !(step.Times.Total > 0)) return false;

        // One step counts for as much as an e-fold at most: a collection is not a change of pace.
        var off = Math.Clamp(Math.Log(step.Times.Total / predicted), -1, 1);
        logarithm += (off - logarithm) / Math.Min(++seen, Steps);
        return told = seen >= Steps && Math.Abs(logarithm) > Noticeable;
    }
}
