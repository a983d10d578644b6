using System.Buffers;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Formats;

/// <summary>Holds the blocks of a quantised file as they are: their integers, scales and offsets, in the order of a packed matrix.</summary>
internal static unsafe class BlockPacking
{
    /// <summary>Whether the integers of a type fit nibbles.</summary>
    public static bool IsNibble(TensorType type) => type is TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q4_K;

    /// <summary>The groups that hold tensors of some types one below another: as narrow as the narrowest, with offsets if any has them.</summary>
    public static GroupLayout Groups(WeightFormat format, IEnumerable<TensorType> types)
    {
        var all = types.ToList();
        return format == WeightFormat.Block4
            ? new GroupLayout(32, HasOffsets: true)
            : new GroupLayout(all.Min(TensorBlocks.GroupElements), all.Exists(type => TensorBlocks.HasOffsets(type)));
    }

    /// <summary>Packs whole rows into their places.</summary>
    /// <param name="source">Rows as stored, one after another.</param>
    /// <param name="type">Their type.</param>
    /// <param name="matrix">The matrix, in a block format.</param>
    /// <param name="firstRow">Where the first of the rows goes.</param>
    /// <param name="rows">Number of rows.</param>
    public static void Pack(byte* source, TensorType type, PackedMatrix matrix, int firstRow, int rows)
    {
        var (columns, group) = (matrix.Columns, TensorBlocks.GroupElements(type));
        var rowBytes = columns / type.BlockElements() * type.BlockBytes();
        var integers = ArrayPool<sbyte>.Shared.Rent(columns);
        var scales = ArrayPool<float>.Shared.Rent(2 * columns / group);
        var row = integers.AsSpan(0, columns);
        var scale = scales.AsSpan(0, columns / group);
        var offset = scales.AsSpan(columns / group, columns / group);
        for (var i = 0; i < rows; i++)
        {
            TensorBlocks.Split(type, new ReadOnlySpan<byte>(source + (long)i * rowBytes, rowBytes), row, scale, offset);
            var (block, lane) = Math.DivRem(firstRow + i, PackedMatrix.BlockRows);
            if (matrix.Format == WeightFormat.Block8) PlaceBytes(row, (sbyte*)matrix.Block(block) + 2 * lane);
            else PlaceNibbles(row, scale, offset, matrix.Block(block) + 4 * lane);
            PlaceScales(scale, offset, group, matrix, block, lane);
        }

        ArrayPool<sbyte>.Shared.Return(integers);
        ArrayPool<float>.Shared.Return(scales);
    }

    private static void PlaceBytes(ReadOnlySpan<sbyte> row, sbyte* lane)
    {
        for (var k = 0; k < row.Length; k += 2, lane += 2 * PackedMatrix.BlockRows) (lane[0], lane[1]) = (row[k], row[k + 1]);
    }

    // Integers from -8 to 7 become nibbles by what their offset takes off again: exact, as 15 scales are.
    private static void PlaceNibbles(Span<sbyte> row, ReadOnlySpan<float> scale, Span<float> offset, byte* lane)
    {
        if (row.ContainsAnyInRange((sbyte)-128, (sbyte)-1))
        {
            foreach (ref var integer in row) integer += Quantisation.NibbleOffset;
            for (var g = 0; g < offset.Length; g++) offset[g] -= Quantisation.NibbleOffset * scale[g];
        }

        for (var k = 0; k < row.Length; k += 8, lane += 4 * PackedMatrix.BlockRows)
            for (var i = 0; i < 4; i++) lane[i] = (byte)((byte)row[k + i] | ((byte)row[k + 4 + i] << 4));
    }

    private static void PlaceScales(ReadOnlySpan<float> scale, ReadOnlySpan<float> offset, int group, PackedMatrix matrix, int block, int lane)
    {
        var to = matrix.BlockScales(block) + lane;
        for (var g = 0; g < matrix.Groups; g++)
        {
            var from = g * matrix.GroupColumns / group;
            to[g * PackedMatrix.BlockRows] = scale[from];
            if (matrix.HasOffsets) to[(matrix.Groups + g) * PackedMatrix.BlockRows] = offset[from];
        }
    }
}
