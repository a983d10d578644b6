using Helios.Sdk.Cpu.Formats;

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
    /// <param name="x">Activations <c>[columns][ldx]</c>: floats, zero up to an even number of elements, or, where the matrix is quantised, what <see cref="Integers{TSimd, TVector}.Quantise"/> made of them.</param>
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

    // Where vectors do not come out even, the last tile goes back to some that are done, and computes the same again.
    private static void MultiplyOne(PackedMatrix weights, int first, int end, float* x, float* y)
    {
        if (TFormat.StripsAtOneColumn < 4 || end - first < 4)
        {
            MultiplyMany(weights, first, end, x, 0, y, 0, 1);
            return;
        }

        var (behind, groups, pairs) = ((nint)weights.ActivationScales, weights.Groups, weights.GroupPairs);
        for (var next = first; next < end; next += 4)
        {
            var v = Math.Min(next, end - 4);
            MatMulTiles<TSimd, TVector, TFormat>.Tile4x1(
                StripOf(weights, v, y), StripOf(weights, v + 1, y), StripOf(weights, v + 2, y), StripOf(weights, v + 3, y), x, behind, groups, pairs);
        }
    }

    private static void MultiplyMany(PackedMatrix weights, int first, int end, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        var (behind, groups, pairs) = ((nint)weights.ActivationScales, weights.Groups, weights.GroupPairs);
        if (end - first == 1)
        {
            for (var c = 0; c < columns; c++)
                MatMulTiles<TSimd, TVector, TFormat>.Tile1x1(StripOf(weights, first, y + c * ldy), x + c * ldx, behind, groups, pairs);
            return;
        }

        for (var next = first; next < end; next += 2)
        {
            var v = Math.Min(next, end - 2);
            var (upper, lower) = (StripOf(weights, v, y), StripOf(weights, v + 1, y));
            var ahead = new Ahead(weights, v, columns);
            var c = 0;
            if (TSimd.Lanes == 16)
            {
                // Only 512-bit code has the 32 registers that eight columns take.
                for (; c + 8 <= columns; c += 8, ahead.Advance())
                    MatMulTiles<TSimd, TVector, TFormat>.Tile2x8(upper.At(c * ldy, ahead.Upper), lower.At(c * ldy, ahead.Lower), x + c * ldx, ldx, ldy, ahead.Stride, behind, groups, pairs);
            }

            for (; c + 4 <= columns; c += 4, ahead.Advance())
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x4(upper.At(c * ldy, ahead.Upper), lower.At(c * ldy, ahead.Lower), x + c * ldx, ldx, ldy, ahead.Stride, behind, groups, pairs);
            for (; c + 2 <= columns; c += 2)
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x2(upper.At(c * ldy, ahead.Upper), lower.At(c * ldy, ahead.Lower), x + c * ldx, ldx, ldy, ahead.Stride, behind, groups, pairs);
            if (c < columns)
                MatMulTiles<TSimd, TVector, TFormat>.Tile2x1(upper.At(c * ldy, ahead.Upper), lower.At(c * ldy, ahead.Lower), x + c * ldx, ahead.Stride, behind, groups, pairs);
        }
    }

    private static Strip StripOf(PackedMatrix weights, int vector, float* y)
    {
        var (block, part) = Math.DivRem(vector, VectorsPerBlock);
        return new Strip(
            (float*)(weights.Block(block) + part * TSimd.Lanes * TFormat.LaneBytes),
            (float*)weights.Scales(block) + part * TSimd.Lanes,
            y + vector * TSimd.Lanes);
    }

    /// <summary>
    /// What the tiles over two vectors of rows prefetch. A single tile asks for its own weights a little before it needs
    /// them. Where several tiles go over the same weights, only the first waits for memory: together they fetch the weights of
    /// the two vectors that come next, each a part. Measured: a third more tokens at 8 columns, 5 % more at 32.
    /// </summary>
    private struct Ahead
    {
        private const int Near = 1024;

        private readonly nint part;

        public Ahead(PackedMatrix weights, int vector, int columns)
        {
            var tiles = TSimd.Lanes == 16 ? (columns + 7) / 8 : (columns + 3) / 4;
            Upper = StripOf(weights, tiles == 1 ? vector : vector + 2, null).Weights + (tiles == 1 ? Near : 0);
            Lower = StripOf(weights, tiles == 1 ? vector + 1 : vector + 3, null).Weights + (tiles == 1 ? Near : 0);
            Stride = TFormat.PairStride / tiles;
            part = weights.Groups * weights.GroupPairs * Stride;
        }

        public float* Upper { get; private set; }

        public float* Lower { get; private set; }

        /// <summary>Units of 4 bytes to go on by with every pair of elements.</summary>
        public nint Stride { get; }

        public void Advance()
        {
            Upper += part;
            Lower += part;
        }
    }
}
