using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// What an exit's signal is worth: per exit a monotone curve from the signal to P(this exit's token equals the full-depth
/// token), linear between its points and level beyond them. Immutable, so any thread may read it.
/// </summary>
internal sealed class Calibration : IConfidenceMap
{
    private readonly int fullDepth;
    private readonly Curve[] curves;

    /// <summary>Creates a calibration.</summary>
    /// <param name="fullDepth">Layers of the model; from there on confidence is 1.</param>
    /// <param name="signal">The signal that the points map from.</param>
    /// <param name="points">By exit depth: points, ascending in both coordinates.</param>
    public Calibration(int fullDepth, ExitSignalKind signal, IEnumerable<KeyValuePair<int, ImmutableArray<CalibrationPoint>>> points)
    {
        this.fullDepth = fullDepth;
        Signal = signal;
        curves = [.. points.Where(exit => !exit.Value.IsDefaultOrEmpty).Select(exit => new Curve(exit.Key, exit.Value)).OrderBy(curve => curve.Depth)];
    }

    /// <summary>The signal that it maps from.</summary>
    public ExitSignalKind Signal { get; }

    /// <summary>The same, read from an exit check.</summary>
    public ExitSignals Needs => Signal switch
    {
        ExitSignalKind.Margin => ExitSignals.Margin,
        ExitSignalKind.NegativeEntropy => ExitSignals.Entropy,
        _ => ExitSignals.Top1,
    };

    /// <summary>
    /// The calibration a checkpoint brings along. Without one no exit below the full depth is trusted: raw probabilities
    /// are not confidence, and an untrained exit is sure and wrong.
    /// </summary>
    /// <param name="model">The checkpoint's headers.</param>
    public static Calibration FromSidecar(CheckpointInfo model) => new(
        model.Architecture.Layers,
        model.Calibration?.Signal ?? ExitSignalKind.Top1,
        model.Calibration?.Curves ?? ImmutableDictionary<int, ImmutableArray<CalibrationPoint>>.Empty);

    /// <summary>Calibrated confidence, 0..1: 1 at full depth, 0 at an exit without a curve or for a signal that is not a number.</summary>
    /// <param name="exitDepth">Layers executed.</param>
    /// <param name="signal">What the exit says.</param>
    public float Map(int exitDepth, in ExitSignal signal) => (float)Map(exitDepth, Read(signal));

    /// <summary>Calibrated confidence of a bare signal, 0..1.</summary>
    /// <param name="exitDepth">Layers executed.</param>
    /// <param name="signal">Value of <see cref="Signal"/>.</param>
    public double Map(int exitDepth, double signal)
    {
        if (exitDepth >= fullDepth) return 1;
        return Find(exitDepth)?.At(signal) ?? 0;
    }

    /// <summary>The curve of an exit; empty when it has none.</summary>
    /// <param name="exitDepth">Layers executed.</param>
    public ImmutableArray<CalibrationPoint> CurveAt(int exitDepth) => Find(exitDepth)?.Points ?? [];

    /// <summary>Value of <see cref="Signal"/> in what an exit says.</summary>
    /// <param name="signal">What the exit says.</param>
    public float Read(in ExitSignal signal) => Signal switch
    {
        ExitSignalKind.Margin => signal.Margin,
        ExitSignalKind.NegativeEntropy => -signal.Entropy,
        _ => signal.Top1,
    };

    private Curve? Find(int exitDepth)
    {
        // A model has a handful of exits.
        foreach (var curve in curves)
        {
            if (curve.Depth == exitDepth) return curve;
        }

        return null;
    }

    private sealed class Curve(int depth, ImmutableArray<CalibrationPoint> points)
    {
        public int Depth => depth;

        public ImmutableArray<CalibrationPoint> Points => points;

        public double At(double signal)
        {
            if (double.IsNaN(signal)) return 0;
            if (signal <= points[0].Signal) return points[0].Agreement;
            if (signal >= points[^1].Signal) return points[^1].Agreement;

            var (low, high) = (0, points.Length - 1);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                if (points[middle].Signal <= signal) low = middle;
                else high = middle;
            }

            var (from, to) = (points[low], points[high]);
            return from.Agreement + (to.Agreement - from.Agreement) * (signal - from.Signal) / (to.Signal - from.Signal);
        }
    }
}
