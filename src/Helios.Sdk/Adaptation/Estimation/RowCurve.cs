using System.Collections.Immutable;

namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>
/// Seconds as a function of rows, linear between knots at 1, 2, 4, ..., and beyond the last, plus a part per unit of
/// context: <c>base + sum of slope[k] x (rows inside segment k) + perContext x context</c>.
/// </summary>
/// <param name="Base">Seconds of one row.</param>
/// <param name="Slopes">Seconds per further row in <c>[2^k, 2^(k+1)]</c>.</param>
/// <param name="PerContext">Seconds per token attended to.</param>
internal sealed record RowCurve(double Base, ImmutableArray<double> Slopes, double PerContext)
{
    /// <summary>Segments between knots; the last knot is at 4,096 rows.</summary>
    public const int Segments = 12;

    /// <summary>Nothing known: zero everywhere.</summary>
    public static RowCurve Zero { get; } = new(0, [.. new double[Segments]], 0);

    /// <summary>Seconds for so many rows.</summary>
    /// <param name="rows">At least 1.</param>
    /// <param name="context">Tokens attended to, over all rows.</param>
    public double At(int rows, double context)
    {
        var seconds = Base + PerContext * context;
        for (var segment = 0; segment < Segments; segment++)
            seconds += Slopes[segment] * RowsInside(segment, rows);
        return seconds;
    }

    /// <summary>The curve of something that takes so many times as long.</summary>
    /// <param name="factor">Above 0.</param>
    public RowCurve Times(double factor) => new(Base * factor, [.. Slopes.Select(slope => slope * factor)], PerContext * factor);

    /// <summary>How many of the rows lie inside a segment.</summary>
    /// <param name="segment">Index of the segment; the last one has no end.</param>
    /// <param name="rows">Rows of the step.</param>
    public static double RowsInside(int segment, int rows)
    {
        var start = 1 << segment;
        return Math.Clamp(rows - start, 0, segment == Segments - 1 ? int.MaxValue : start);
    }
}
