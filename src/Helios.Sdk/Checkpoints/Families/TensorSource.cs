using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Families;

/// <summary>Where a family's files hold a tensor that a model needs.</summary>
/// <param name="Name">Name in the file, without the prefix of the model.</param>
/// <param name="Rows">Its rows among those of the file's tensor.</param>
/// <param name="IsTransposed">Whether the file holds columns as rows, <c>[inputs, outputs]</c>.</param>
internal readonly record struct TensorSource(string Name, RowMap Rows, bool IsTransposed = false)
{
    /// <summary>A tensor that the file holds as it is needed.</summary>
    public static TensorSource Whole(string name, TensorSpec spec) => new(name, RowMap.Whole(spec.Key.IsVector ? spec.Columns : spec.Rows));
}

/// <summary>
/// Rows of a needed tensor among those of a file's tensor: row r = (outer, inner) of <see cref="Length"/> rows is row
/// Start + outer x Stride + inner, inner below <see cref="Run"/>. For a vector, a row is an element.
/// </summary>
/// <param name="Start">Row of the file's tensor that is row 0.</param>
/// <param name="Run">Rows that follow one another in the file; divides <paramref name="Length"/>.</param>
/// <param name="Stride">Rows of the file from one run to the next.</param>
/// <param name="Length">Rows of the needed tensor.</param>
/// <param name="FileRows">Rows of the file's tensor.</param>
internal readonly record struct RowMap(int Start, int Run, int Stride, int Length, int FileRows)
{
    /// <summary>Whether the rows follow one another in the file.</summary>
    public bool IsContiguous => Run == Length;

    public static RowMap Whole(int rows) => new(0, rows, rows, rows, rows);

    /// <summary>Rows that follow one another.</summary>
    public static RowMap Slice(int start, int rows, int fileRows) => new(start, rows, rows, rows, fileRows);

    /// <summary>A run of rows of each of some heads.</summary>
    /// <param name="start">First row of the first head.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="headRows">Rows of a head.</param>
    /// <param name="stride">Rows from a head to the next.</param>
    public static RowMap OfHeads(int start, int heads, int headRows, int stride) => new(start, headRows, stride, heads * headRows, heads * stride);

    /// <summary>The row of the file, and the rows that follow it there.</summary>
    /// <param name="row">A row of the needed tensor.</param>
    public (long Row, int Count) Locate(int row)
    {
        var (outer, inner) = Math.DivRem(row, Run);
        return (Start + (long)outer * Stride + inner, Run - inner);
    }
}
