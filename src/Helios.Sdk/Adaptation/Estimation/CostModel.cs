using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// Learns what a model's steps cost from steps that were measured. <see cref="Observe"/> belongs to one thread;
/// <see cref="Current"/> may be read from any.
/// </summary>
/// <remarks>
/// Two clocks: the fits are slow, and learn what the model costs on this machine; the pace is quick, and says what the machine
/// has left for it now. Fits see times as they would have been at pace 1, so that predictions are right again as soon as the
/// machine is.
/// </remarks>
/// <param name="pace">The machine's; one of its own when null.</param>
internal sealed class CostModel(Pace? pace = null)
{
    private const int RefitEvery = 32;

    private readonly Pace pace = pace ?? new();
    private readonly RowCurveFit layer = new();
    private readonly RowCurveFit head = new();
    private double other;
    private double? relativeError;
    private int steps;
    private volatile StepCosts unhurried = StepCosts.None;

    /// <summary>The costs as far as they are known, at the pace at which they were learnt.</summary>
    public StepCosts Unhurried => unhurried;

    /// <summary>The costs as far as they are known, at the machine's present pace.</summary>
    public StepCosts Current => unhurried.AtPace(pace.Factor);

    /// <summary>Starts from what was measured before, as if a few steps at every size had just confirmed it; new ones outweigh it.</summary>
    /// <param name="known">Costs of a former run.</param>
    public void Restore(StepCosts known)
    {
        const int Confirmations = 4;
        for (var rows = 1; rows <= 1 << RowCurve.Segments; rows *= 2)
        {
            // Twice the context, so that its part is separated from the rest.
            foreach (var context in (double[])[rows, 256.0 * rows])
            {
                for (var i = 0; i < Confirmations; i++) layer.Observe(rows, context, known.Layer.At(rows, context));
            }

            for (var i = 0; i < Confirmations; i++) head.Observe(rows, 0, known.Head.At(rows, 0));
        }

        if (steps == 0) other = known.OtherSeconds;
        Refit();
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="step">What it did and how long it took.</param>
    public void Observe(in StepTiming step)
    {
        if (step.Rows < 1 || !(step.Times.Total > 0)) return;

        NotePace(step);
        var slower = pace.Usual;
        if (step.Depth > 0) layer.Observe(step.Rows, step.ContextTokens, step.Times.Layers / step.Depth / slower);
        if (step.SampledRows > 0) head.Observe(step.SampledRows, 0, step.Times.Head / slower);
        ObserveOther(step.Times.Other / slower);

        // Each new step is news at first, later every few.
        if (++steps <= RefitEvery || steps % RefitEvery == 0) Refit();
    }

    /// <summary>Brings <see cref="Current"/> up to date with every step observed.</summary>
    public void Refit()
    {
        layer.Refit();
        head.Refit();
        unhurried = new StepCosts { Layer = layer.Curve, Head = head.Curve, OtherSeconds = other, RelativeError = relativeError };
    }

    private void NotePace(in StepTiming step)
    {
        if (!layer.Knows(step.Rows)) return;
        var predicted = unhurried.Predict(step.Rows, step.SampledRows, step.Depth, step.ContextTokens);
        var error = Math.Abs(predicted * pace.Factor - step.Times.Total) / step.Times.Total;
        if (predicted > 0) pace.Observe(predicted, step.Times.Total);
        relativeError = relativeError is { } mean ? mean + (error - mean) / 50 : error;
    }

    private void ObserveOther(double seconds)
    {
        if (!(seconds >= 0)) return;
        // The same cut as in the fits: time that the machine took away is no cost of the step.
        if (steps >= 8 && other > 0) seconds = Math.Min(seconds, 2 * other);
        other += (seconds - other) / Math.Min(steps + 1, 50);
    }
}
