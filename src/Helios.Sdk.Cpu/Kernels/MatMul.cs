using Helios.Sdk.Cpu.Loading;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Product of a packed matrix with columns of activations: <c>y[column][row] = sum over k of w[row][k] x[column][k]</c>.</summary>
internal static unsafe class MatMul<TSimd, TVector, TFormat>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TFormat : struct, IWeightFormat<TVector>
{
    private static int VectorsPerBlock => PackedMatrix.BlockRows / TSimd.Lanes;

    /// <summary>Computes some row blocks for all columns.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="firstBlock">First block of 16 rows.</param>
    /// <param name="endBlock">One past the last block.</param>
    /// <param name="x">Activations <c>[columns][ldx]</c>: floats, zero up to an even number of elements, or, where the matrix is quantised, what <see cref="Integers{TSimd, TVector}"/> made of them.</param>
    /// <param name="ldx">Elements from one column of x to the next.</param>
    /// <param name="y">Results <c>[columns][ldy]</c>; row r of the matrix goes to element r.</param>
    /// <param name="ldy">Elements from one column of y to the next.</param>
    /// <param name="columns">Columns, at least 1.</param>
    public static void Multiply(PackedMatrix weights, int firstBlock, int endBlock, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        var first = firstBlock * VectorsPerBlock;
        var end = endBlock * VectorsPerBlock;
        if (columns == 1) MultiplyOne(weights, first, end, x, y);
        else MultiplyMany(weights, first, end, x, ldx, y, ldy, columns);
        if (!weights.Quantised) return;

        var rows = (endBlock - firstBlock) * PackedMatrix.BlockRows;
        for (var c = 0; c < columns; c++)
            RowKernels<TSimd, TVector>.Multiply(y + c * ldy + firstBlock * PackedMatrix.BlockRows, x[c * ldx + weights.ElementsPerColumn], rows);
    }

    // Where vectors do not come out even, the last tile goes back to some that are done, and computes the same again.
    private static void MultiplyOne(PackedMatrix weights, int first, int end, float* x, float* y)
    {
        var (groups, pairs) = (weights.Groups, weights.GroupPairs);
        if (end - first >= 4)
        {
            for (var next = first; next < end; next += 4)
            {
                var v = Math.Min(next, end - 4);
                MatMulTiles<TSimd, TVector, TFormat>.Tile4x1(
                    StripOf(weights, v, y), StripOf(weights, v + 1, y), StripOf(weights, v + 2, y), StripOf(weights, v + 3, y), x, groups, pairs);
            }
        }
        else
        {
            MultiplyMany(weights, first, end, x, 0, y, 0, 1);
        }
    }

    private static void MultiplyMany(PackedMatrix weights, int first, int end, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        var (groups, pairs) = (weights.Groups, weights.GroupPairs);
        if (end - first == 1)
        {
            for (var c = 0; c < columns; c++)
                MatMulTiles<TSimd, TVector, TFormat>.Tile1x1(StripOf(weights, first, y + c * ldy), x + c * ldx, groups, pairs);
            return;
        }

        for (var next = first; next < end; next += 2)
        {
            var v = Math.Min(next, end - 2);
            var (upper, lower) = (StripOf(weights, v, y), StripOf(weights, v + 1, y));
            var c = 0;
            if (TSimd.Lanes == 16)
            {
                // Only 512-bit code has the 32 registers that eight columns take.
                for (; c + 8 <= columns; c += 8)
                    MatMulTiles<TSimd, TVector, TFormat>.Tile2x8(upper.At(c * ldy), lower.At(c * ldy), x + c * ldx, ldx, ldy, groups, pairs);
            }

            for (; c + 4 <= columns; c += 4)
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x4(upper.At(c * ldy), lower.At(c * ldy), x + c * ldx, ldx, ldy, groups, pairs);
            for (; c + 2 <= columns; c += 2)
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x2(upper.At(c * ldy), lower.At(c * ldy), x + c * ldx, ldx, ldy, groups, pairs);
            if (c < columns)
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x1(upper.At(c * ldy), lower.At(c * ldy), x + c * ldx, groups, pairs);
        }
    }

    private static Strip StripOf(PackedMatrix weights, int vector, float* y)
    {
        var (block, part) = (vector / VectorsPerBlock, vector % VectorsPerBlock);
        return new Strip(
            (float*)(weights.Block(block) + part * TSimd.Lanes * TFormat.LaneBytes),
            (float*)weights.Scales(block) + part * TSimd.Lanes,
            y + vector * TSimd.Lanes);
    }
}
