using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>
/// Learns what a model's steps cost from steps that were measured. <see cref="Observe"/> belongs to one thread;
/// <see cref="Current"/> may be read from any.
/// </summary>
internal sealed class CostModel
{
    private const int RefitEvery = 32;

    private readonly RowCurveFit layer = new();
    private readonly RowCurveFit head = new();
    private double other;
    private double? relativeError;
    private int steps;
    private volatile StepCosts current = StepCosts.None;

    /// <summary>The costs as far as they are known.</summary>
    public StepCosts Current => current;

    /// <summary>Starts from what was measured before, as if a few steps at every size had just confirmed it; new ones outweigh it.</summary>
    /// <param name="known">Costs of a former run.</param>
    public void Restore(StepCosts known)
    {
        const int Confirmations = 4;
        for (var rows = 1; rows <= 1 << RowCurve.Segments; rows *= 2)
        {
            // Twice the context, so that its part is told from the rest.
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

        NoteError(step);
        if (step.Depth > 0) layer.Observe(step.Rows, step.ContextTokens, step.Times.Layers / step.Depth);
        if (step.SampledRows > 0) head.Observe(step.SampledRows, 0, step.Times.Head);
        ObserveOther(step.Times.Other);

        // Each new step is news at first, later every few.
        if (++steps <= RefitEvery || steps % RefitEvery == 0) Refit();
    }

    /// <summary>Brings <see cref="Current"/> up to date with every step observed.</summary>
    public void Refit()
    {
        layer.Refit();
        head.Refit();
        current = new StepCosts { Layer = layer.Curve, Head = head.Curve, OtherSeconds = other, RelativeError = relativeError };
    }

    private void NoteError(in StepTiming step)
    {
        if (!layer.Knows(step.Rows)) return;
        var predicted = current.Predict(step.Rows, step.SampledRows, step.Depth, step.ContextTokens);
        var error = Math.Abs(predicted - step.Times.Total) / step.Times.Total;
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
