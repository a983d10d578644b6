using System.Numerics;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// Fits a <see cref="RowCurve"/> to measured times by least squares of the relative error, coefficients not below 0.
/// </summary>
/// <remarks>
/// Each segment of rows keeps normal equations of its own, which fade only when that segment is seen again: a thousand
/// decode steps must not wash out what the last prefill showed. Where nothing was measured, a weak pull toward equal
/// neighbouring slopes draws a straight line on from where something was.
/// Time that a machine takes away (a collection, a neighbour) is cut off at twice the prediction, once a segment is known.
/// </remarks>
internal sealed class RowCurveFit
{
    private const int Size = RowCurve.Segments + 2;
    private const int Context = Size - 1;
    private const double Memory = 0.995;
    private const double Smoothing = 1e-3;
    private const double Ridge = 1e-9;
    private const int KnownAfter = 8;

    private readonly NormalEquations[] bySegment = new NormalEquations[RowCurve.Segments + 1];
    private readonly int[] seen = new int[RowCurve.Segments + 1];
    private double meanSeconds;
    private double contextScale = 1;
    private int observations;

    /// <summary>Creates a fit of nothing yet.</summary>
    public RowCurveFit()
    {
        for (var i = 0; i < bySegment.Length; i++) bySegment[i] = new NormalEquations(Size);
    }

    /// <summary>The curve as of the last <see cref="Refit"/>.</summary>
    public RowCurve Curve { get; private set; } = RowCurve.Zero;

    /// <summary>Times seen.</summary>
    public int Observations => observations;

    /// <summary>Whether enough was seen near so many rows to trust the curve there.</summary>
    /// <param name="rows">Rows of a step.</param>
    public bool Knows(int rows) => seen[SegmentOf(rows)] >= KnownAfter;

    /// <summary>Learns from one measured time.</summary>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="context">Tokens attended to, over all rows.</param>
    /// <param name="seconds">The time; ignored unless above 0.</param>
    public void Observe(int rows, double context, double seconds)
    {
        if (!(seconds > 0) || rows < 1) return;

        var expected = Curve.At(rows, context);
        if (Knows(rows) && expected > 0) seconds = Math.Min(seconds, 2 * expected);
        else expected = seconds;

        Span<double> features = stackalloc double[Size];
        features[0] = 1;
        for (var segment = 0; segment < RowCurve.Segments; segment++)
            features[segment + 1] = RowCurve.RowsInside(segment, rows);
        features[Context] = context;

        var equations = bySegment[SegmentOf(rows)];
        equations.Scale(Memory);
        equations.Add(features, seconds, 1 / (expected * expected));
        seen[SegmentOf(rows)]++;
        observations++;
        meanSeconds += (seconds - meanSeconds) / Math.Min(observations, 200);
        contextScale = Math.Max(contextScale, context);
    }

    /// <summary>Brings <see cref="Curve"/> up to date.</summary>
    public void Refit()
    {
        if (observations == 0) return;
        var total = new NormalEquations(Size);
        foreach (var equations in bySegment) total.Add(equations);
        Regularize(total);
        var solution = total.SolveNonNegative();
        Curve = new RowCurve(solution[0], [.. solution.AsSpan(1, RowCurve.Segments)], solution[Context]);
    }

    private void Regularize(NormalEquations total)
    {
        // In parts of a usual step. The ridge only keeps the equations solvable; slopes weigh as one row in it, so that it
        // does not bend the line drawn on through segments never seen.
        for (var i = 0; i < Size; i++)
            total.Penalize(i, Ridge * Square((i == Context ? contextScale : 1) / meanSeconds));
        for (var segment = 0; segment < RowCurve.Segments - 1; segment++)
            total.PenalizeDifference(segment + 1, segment + 2, Smoothing * Square((1 << segment) / meanSeconds));
    }

    private static double Square(double x) => x * x;

    private static int SegmentOf(int rows) => Math.Min(BitOperations.Log2((uint)rows), RowCurve.Segments);
}
