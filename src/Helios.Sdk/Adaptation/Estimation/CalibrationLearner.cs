using System.Collections.Immutable;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// Learns a <see cref="Calibration"/> from tokens whose full-depth token is known. Per exit it keeps
/// <see cref="Bins"/> bins over the signal, each with a weight and how much of it agreed, whatever the traffic.
/// </summary>
/// <remarks>
/// Every bin starts with <see cref="PriorTokens"/> imagined tokens that agree as the prior says (the sidecar's curve; an
/// exit without one starts at never), so little evidence moves little: 64 bins make the prior worth 128 tokens an exit.
/// The bins' means are made monotone by isotonic regression. Used by one thread.
/// </remarks>
internal sealed class CalibrationLearner
{
    /// <summary>Bins over the signal brought to 0..1: a probability as it is, entropy H as exp(-H).</summary>
    public const int Bins = 64;

    /// <summary>Weight of the prior in each bin, in tokens.</summary>
    public const double PriorTokens = 2;

    private readonly Calibration prior;
    private readonly int fullDepth;
    private readonly Exit[] exits;

    /// <summary>Creates a learner that knows nothing yet.</summary>
    /// <param name="model">Whose exits it learns; its sidecar is the prior.</param>
    public CalibrationLearner(CheckpointInfo model)
    {
        prior = Calibration.FromSidecar(model);
        fullDepth = model.Architecture.Layers;
        exits = [.. model.Exits.Where(exit => exit.Depth < fullDepth).Select(exit => new Exit(exit.Depth))];
    }

    /// <summary>Learns from one token.</summary>
    /// <param name="exitDepth">An exit of the model; others are ignored.</param>
    /// <param name="signal">What the exit said.</param>
    /// <param name="agreed">Whether its token is the full-depth token.</param>
    public void Add(int exitDepth, in ExitSignal signal, bool agreed)
    {
        var unit = ToUnit(prior.Read(signal));
        if (double.IsNaN(unit) || Array.Find(exits, exit => exit.Depth == exitDepth) is not { } found) return;
        var bin = Math.Clamp((int)(unit * Bins), 0, Bins - 1);
        found.Weight[bin]++;
        if (agreed) found.Agreed[bin]++;
    }

    /// <summary>Learns from every position of a scored request.</summary>
    /// <param name="taps">What its exits said.</param>
    public void Add(RequestTaps taps)
    {
        var full = taps.At(taps.Depths.Length - 1);
        for (var exit = 0; exit < taps.Depths.Length - 1; exit++)
        {
            var signals = taps.At(exit);
            for (var i = 0; i < signals.Length; i++)
                Add(taps.Depths[exit], signals[i], signals[i].TopId == full[i].TopId);
        }
    }

    /// <summary>Lets old evidence fade, once per request say.</summary>
    /// <param name="keep">Share of its weight that is kept, 0..1; 0.99 halves it in 69 calls.</param>
    public void Decay(double keep)
    {
        foreach (var exit in exits)
        {
            for (var bin = 0; bin < Bins; bin++)
            {
                exit.Weight[bin] *= keep;
                exit.Agreed[bin] *= keep;
            }
        }
    }

    /// <summary>What was learnt of each exit, to go on from another time.</summary>
    public ImmutableArray<ExitBins> Learnt => [.. exits.Select(exit => new ExitBins(exit.Depth, [.. exit.Weight], [.. exit.Agreed]))];

    /// <summary>Goes on from what was learnt before; exits that the model does not have are ignored.</summary>
    /// <param name="learnt">What <see cref="Learnt"/> said.</param>
    /// <param name="keep">Share of its weight that is kept, 0..1.</param>
    public void Restore(IEnumerable<ExitBins> learnt, double keep)
    {
        foreach (var known in learnt)
        {
            if (Array.Find(exits, exit => exit.Depth == known.Depth) is not { } found) continue;
            for (var bin = 0; bin < Bins; bin++)
            {
                found.Weight[bin] += keep * known.Weights[bin];
                found.Agreed[bin] += keep * known.Agreed[bin];
            }
        }
    }

    /// <summary>The calibration as far as it is learnt. An exit without evidence keeps its prior as it is.</summary>
    public Calibration Fit() => new(fullDepth, prior.Signal, exits.Select(exit => KeyValuePair.Create(exit.Depth, Fit(exit))));

    private ImmutableArray<CalibrationPoint> Fit(Exit exit)
    {
        if (!exit.Weight.Any(weight => weight > 0)) return prior.CurveAt(exit.Depth);

        var means = new double[Bins];
        var weights = new double[Bins];
        for (var bin = 0; bin < Bins; bin++)
        {
            weights[bin] = exit.Weight[bin] + PriorTokens;
            means[bin] = (exit.Agreed[bin] + PriorTokens * prior.Map(exit.Depth, Centre(bin))) / weights[bin];
        }

        return [.. IsotonicRegression.Fit(means, weights).Select((agreement, bin) => new CalibrationPoint(Centre(bin), agreement))];
    }

    private double ToUnit(double signal) => prior.Signal == ExitSignalKind.NegativeEntropy ? Math.Exp(signal) : signal;

    private double Centre(int bin)
    {
        var unit = (bin + 0.5) / Bins;
        return prior.Signal == ExitSignalKind.NegativeEntropy ? Math.Log(unit) : unit;
    }

    private sealed class Exit(int depth)
    {
        public int Depth => depth;

        public double[] Weight { get; } = new double[Bins];

        public double[] Agreed { get; } = new double[Bins];
    }
}

/// <summary>What was learnt of one exit: by bin over the signal, tokens seen and those that were the full-depth token.</summary>
/// <param name="Depth">Layers executed.</param>
/// <param name="Weights">Tokens by bin; older ones weigh less.</param>
/// <param name="Agreed">Those that agreed.</param>
internal sealed record ExitBins(int Depth, ImmutableArray<double> Weights, ImmutableArray<double> Agreed);
