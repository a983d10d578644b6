using System.Buffers;
using Helios.Sdk.Checkpoints.Families;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>A needed tensor as part of a file's tensor.</summary>
/// <param name="Entry">The file's tensor.</param>
/// <param name="Rows">Rows of the needed one in it.</param>
/// <param name="IsTransposed">Whether the rows are columns of the file's tensor.</param>
internal sealed record TensorView(TensorEntry Entry, RowMap Rows, bool IsTransposed)
{
    /// <summary>Whether its bytes follow one another in the file.</summary>
    private bool IsContiguous => Rows.IsContiguous && !IsTransposed;

    /// <summary>Its first byte within the file's tensor.</summary>
    public long FirstByte(TensorSpec spec, TensorType type)
    {
        var block = type.BlockBytes();
        return IsTransposed || spec.Key.IsVector ? (long)Rows.Start * block : (long)Rows.Start * (spec.Columns / type.BlockElements()) * block;
    }

    /// <summary>Reads part of a tensor as if its rows followed one another.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">The needed tensor.</param>
    /// <param name="offset">First byte within it.</param>
    /// <param name="destination">Filled completely.</param>
    public void Read(TensorFile file, StoredTensor tensor, long offset, Span<byte> destination)
    {
        if (IsContiguous) file.ReadRows(tensor, offset, destination);
        else if (IsTransposed) ReadColumns(file, tensor, offset, destination);
        else ReadRuns(file, tensor, offset, destination);
    }

    private void ReadRuns(TensorFile file, StoredTensor tensor, long offset, Span<byte> destination)
    {
        var rowBytes = tensor.Rows == 1 ? tensor.Type.BlockBytes() : tensor.RowBytes;
        var data = file.DataStart + Entry.Begin;
        while (destination.Length > 0)
        {
            var (row, into) = Math.DivRem(offset, rowBytes);
            var (fileRow, run) = Rows.Locate((int)row);
            var bytes = (int)Math.Min(destination.Length, run * rowBytes - into);
            file.Read(tensor.Name, data + fileRow * rowBytes + into, destination[..bytes]);
            destination = destination[bytes..];
            offset += bytes;
        }
    }

    // Elements of a row stand in a column of the file. All rows that are asked for are read together, a piece of each file row at a time.
    private void ReadColumns(TensorFile file, StoredTensor tensor, long offset, Span<byte> destination)
    {
        var (element, columns) = (tensor.Type.BlockBytes(), tensor.Columns);
        if (offset % element != 0 || destination.Length % element != 0) throw new ArgumentException("A tensor that is stored transposed is read in whole elements.", nameof(offset));
        var (from, end) = (offset / element, (offset + destination.Length) / element);
        var (first, last) = ((int)(from / columns), (int)((end - 1) / columns));
        var count = last - first + 1;
        var data = file.DataStart + Entry.Begin;
        var rented = ArrayPool<byte>.Shared.Rent(count * element);
        var piece = rented.AsSpan(0, count * element);
        try
        {
            for (var column = 0; column < columns; column++)
            {
                file.Read(tensor.Name, data + ((long)column * Rows.FileRows + Rows.Start + first) * element, piece);
                for (var row = 0; row < count; row++)
                {
                    var index = (long)(first + row) * columns + column;
                    if (index < from || index >= end) continue;
                    piece.Slice(row * element, element).CopyTo(destination[(int)((index - from) * element)..]);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
