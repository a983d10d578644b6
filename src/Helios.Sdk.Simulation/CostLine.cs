using System.Collections.Immutable;

namespace Helios.Sdk.Simulation;

/// <summary>Seconds by rows: linear between the rows given, and beyond them.</summary>
internal sealed class CostLine
{
    private const int Tabulated = 1024;
    private readonly double[] seconds = new double[Tabulated + 1];
    private readonly double slope;

    public CostLine(ImmutableArray<RowCost> costs)
    {
        var last = costs.Length < 2 ? costs[0] : costs[^2];
        slope = costs.Length < 2 ? 0 : (costs[^1].Ms - last.Ms) / (costs[^1].Rows - last.Rows) * 1e-3;
        for (var rows = 1; rows <= Tabulated; rows++)
        {
            var above = 0;
            while (above < costs.Length && costs[above].Rows < rows) above++;
            seconds[rows] = above == costs.Length
                ? costs[^1].Ms * 1e-3 + slope * (rows - costs[^1].Rows)
                : above == 0 ? costs[0].Ms * 1e-3 : Between(costs[above - 1], costs[above], rows);
        }
    }

    public double At(int rows) => rows <= Tabulated ? seconds[rows] : seconds[Tabulated] + slope * (rows - Tabulated);

    private static double Between(RowCost from, RowCost to, int rows) =>
        (from.Ms + (to.Ms - from.Ms) * (rows - from.Rows) / (to.Rows - from.Rows)) * 1e-3;
}
