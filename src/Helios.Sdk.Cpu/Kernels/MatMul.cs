using Helios.Sdk.Cpu.Loading;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Product of a packed matrix with columns of activations: <c>y[column][row] = sum over k of w[row][k] x[column][k]</c>.</summary>
internal static unsafe class MatMul<TSimd, TVector, TReader>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TReader : struct, IWeightReader<TVector>
{
    private static int VectorsPerBlock => PackedMatrix.BlockRows / TSimd.Lanes;

    /// <summary>Computes some row blocks for all columns.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="firstBlock">First block of 16 rows.</param>
    /// <param name="endBlock">One past the last block.</param>
    /// <param name="x">Activations <c>[columns][ldx]</c>, zero up to an even number of elements.</param>
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
    }

    // Where the vectors do not come out even, the last one is computed twice, to the same result.
    private static void MultiplyOne(PackedMatrix weights, int first, int end, float* x, float* y)
    {
        for (var v = first; v < end; v += 4)
        {
            var (v1, v2, v3) = (Math.Min(v + 1, end - 1), Math.Min(v + 2, end - 1), Math.Min(v + 3, end - 1));
            MatMulTiles<TSimd, TVector, TReader>.Tile4x1(
                Rows(weights, v), Rows(weights, v1), Rows(weights, v2), Rows(weights, v3), x,
                y + v * TSimd.Lanes, y + v1 * TSimd.Lanes, y + v2 * TSimd.Lanes, y + v3 * TSimd.Lanes, weights.Pairs);
        }
    }

    private static void MultiplyMany(PackedMatrix weights, int first, int end, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        var pairs = weights.Pairs;
        for (var v = first; v < end; v += 2)
        {
            var second = Math.Min(v + 1, end - 1);
            var w0 = Rows(weights, v);
            var w1 = Rows(weights, second);
            var y0 = y + v * TSimd.Lanes;
            var y1 = y + second * TSimd.Lanes;
            var c = 0;
            if (TSimd.Lanes == 16)
            {
                // Only 512-bit code has the 32 registers that eight columns take.
                for (; c + 8 <= columns; c += 8)
                    MatMulTiles<TSimd, TVector, TReader>.Tile2x8(w0, w1, x + c * ldx, ldx, y0 + c * ldy, y1 + c * ldy, ldy, pairs);
            }

            for (; c + 4 <= columns; c += 4)
                MatMulTiles<TSimd, TVector, TReader>.Tile2x4(w0, w1, x + c * ldx, ldx, y0 + c * ldy, y1 + c * ldy, ldy, pairs);
            for (; c + 2 <= columns; c += 2)
                MatMulTiles<TSimd, TVector, TReader>.Tile2x2(w0, w1, x + c * ldx, ldx, y0 + c * ldy, y1 + c * ldy, ldy, pairs);
            if (c < columns)
                MatMulTiles<TSimd, TVector, TReader>.Tile2x1(w0, w1, x + c * ldx, y0 + c * ldy, y1 + c * ldy, pairs);
        }
    }

    private static float* Rows(PackedMatrix weights, int vector) =>
        weights.Data + vector / VectorsPerBlock * ((nint)weights.Pairs * TReader.PairStride) + vector % VectorsPerBlock * TSimd.Lanes;
}
