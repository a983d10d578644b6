using Helios.Sdk.Cpu.Formats;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Product of nibbles with 16-bit activations that were taken apart in two bytes; otherwise as <see cref="MatMul{TSimd, TVector, TFormat}"/>.</summary>
internal static unsafe class SplitMatMul<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private static int VectorsPerBlock => PackedMatrix.BlockRows / TSimd.Lanes;

    /// <inheritdoc cref="MatMul{TSimd, TVector, TFormat}.Multiply"/>
    public static void Multiply(PackedMatrix weights, int firstBlock, int endBlock, float* x, nint ldx, float* y, nint ldy, int columns)
    {
        var (first, end) = (firstBlock * VectorsPerBlock, endBlock * VectorsPerBlock);
        var row = new SplitRow(QuantisedRow.LowerAt(weights.Columns), weights.ActivationScales, weights.Groups);
        // Four vectors of rows take more registers than 256-bit code has.
        if (columns == 1 && TSimd.Lanes == 16 && end - first >= 4)
        {
            // Where vectors do not come out even, the last tile goes back to some that are done, and computes the same again.
            for (var next = first; next < end; next += 4)
            {
                var v = Math.Min(next, end - 4);
                SplitTiles<TSimd, TVector>.Tile4x1(StripOf(weights, v, y), StripOf(weights, v + 1, y), StripOf(weights, v + 2, y), StripOf(weights, v + 3, y), x, row);
            }

            return;
        }

        for (var next = first; next < end; next += 2)
        {
            if (end - first == 1)
            {
                for (var column = 0; column < columns; column++) SplitTiles<TSimd, TVector>.Tile1x1(StripOf(weights, first, y + column * ldy), x + column * ldx, row);
                return;
            }

            var v = Math.Min(next, end - 2);
            var c = 0;
            if (TSimd.Lanes == 16)
            {
                // Only 512-bit code has the 32 registers that four columns take.
                for (; c + 4 <= columns; c += 4)
                    SplitTiles<TSimd, TVector>.Tile2x4(StripOf(weights, v, y + c * ldy), StripOf(weights, v + 1, y + c * ldy), x + c * ldx, ldx, ldy, row);
            }

            for (; c + 2 <= columns; c += 2)
                SplitTiles<TSimd, TVector>.Tile2x2(StripOf(weights, v, y + c * ldy), StripOf(weights, v + 1, y + c * ldy), x + c * ldx, ldx, ldy, row);
            if (c < columns) SplitTiles<TSimd, TVector>.Tile2x1(StripOf(weights, v, y + c * ldy), StripOf(weights, v + 1, y + c * ldy), x + c * ldx, row);
        }
    }

    private static Strip StripOf(PackedMatrix weights, int vector, float* y)
    {
        var (block, part) = Math.DivRem(vector, VectorsPerBlock);
        return new Strip((float*)(weights.Block(block) + part * TSimd.Lanes * Int4Format<TSimd, TVector>.LaneBytes), weights.BlockScales(block) + part * TSimd.Lanes, y + vector * TSimd.Lanes);
    }
}

/// <summary>Where things lie in a row of activations that was taken apart, in elements of 4 bytes; see <see cref="QuantisedRow"/>.</summary>
/// <param name="Lower">Lower bytes.</param>
/// <param name="Scales">Scales of groups; their sums follow.</param>
/// <param name="Groups">Groups of 32 columns.</param>
internal readonly record struct SplitRow(nint Lower, nint Scales, int Groups);
