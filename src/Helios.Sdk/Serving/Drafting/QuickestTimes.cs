using System.Numerics;

namespace Helios.Sdk.Serving.Drafting;

/// <summary>
/// Seconds of something by the number of rows it is done for, from measured times: the quickest, forgotten slowly. What
/// a machine takes away now and then is no cost, and what is measured while code is still being compiled is soon replaced.
/// </summary>
internal sealed class QuickestTimes
{
    // Kernels have their own price for each small number of rows; beyond, a price a row for each quarter of an octave.
    private const int Exact = 16;
    private const int PerOctave = 4;
    private const int Octaves = 20;
    private const double Forgetting = 1.0 / 32;

    private readonly double[] secondsPerRow = new double[Exact + 1 + PerOctave * Octaves];

    /// <summary>It took this long for so many rows, at least 1.</summary>
    public void Observe(int rows, double seconds)
    {
        ref var known = ref secondsPerRow[Bucket(rows)];
        var perRow = seconds / rows;
        known = known == 0 || perRow < known ? perRow : known + Forgetting * (Math.Min(perRow, 2 * known) - known);
    }

    /// <summary>
    /// Seconds for so many rows, at least 1. Of a number not measured yet the best is assumed, that it costs no more than
    /// the next smaller one that was: so it is tried, and measured. 0 when nothing was.
    /// </summary>
    public double At(int rows)
    {
        var bucket = Bucket(rows);
        if (secondsPerRow[bucket] > 0) return rows * secondsPerRow[bucket];
        for (var below = bucket - 1; below > 0; below--)
        {
            if (secondsPerRow[below] > 0) return Math.Min(rows, LeastRows(below + 1) - 1) * secondsPerRow[below];
        }

        for (var above = bucket + 1; above < secondsPerRow.Length; above++)
        {
            if (secondsPerRow[above] > 0) return rows * secondsPerRow[above];
        }

        return 0;
    }

    private static int Bucket(int rows)
    {
        if (rows <= Exact) return rows;
        var octave = BitOperations.Log2((uint)rows);
        var quarter = ((rows - (1 << octave)) * PerOctave) >> octave;
        return Exact + 1 + (octave - BitOperations.Log2(Exact)) * PerOctave + quarter;
    }

    private static int LeastRows(int bucket)
    {
        if (bucket <= Exact) return bucket;
        var (octave, quarter) = Math.DivRem(bucket - Exact - 1, PerOctave);
        var first = Exact << octave;
        return first + quarter * first / PerOctave;
    }
}
