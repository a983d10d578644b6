using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Loading;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Activations as integers.</summary>
internal static unsafe class Integers<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // Whose inverse is finite. A row this small is zero.
    private const float SmallestScale = 3e-39f;

    /// <summary>
    /// Turns a row of activations into 16-bit integers where it lies, with zeros up to the end of the last group, and
    /// writes the scale behind them. A row with anything in it that is not finite gets a scale that is not.
    /// </summary>
    /// <param name="x">The row: floats, zero from the number of columns up to a multiple of 16.</param>
    /// <param name="columns">Columns of the matrix that it will be multiplied with.</param>
    /// <param name="elements">See <see cref="PackedMatrix.ElementsPerColumn"/>. The row has room for one element more.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantise(float* x, int columns, int elements)
    {
        var padded = (columns + 15) & ~15;
        var zero = TSimd.Create(0);
        var largest = zero;
        var notFinite = zero;
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var value = TSimd.Load(x + i);
            largest = TSimd.Max(TSimd.Max(value, TSimd.Subtract(zero, value)), largest);
            notFinite = TSimd.MultiplyAdd(value, zero, notFinite);
        }

        var scale = TSimd.MaxLane(largest) / Quantisation.LargestActivation + TSimd.Sum(notFinite);
        var inverse = TSimd.Create(scale > SmallestScale ? 1 / scale : 0);
        var integers = (short*)x;

        // Two vectors become one, which never reaches what is still to be read.
        var k = 0;
        for (; k + 2 * TSimd.Lanes <= padded; k += 2 * TSimd.Lanes)
            TSimd.StoreInt16(TSimd.Multiply(TSimd.Load(x + k), inverse), TSimd.Multiply(TSimd.Load(x + k + TSimd.Lanes), inverse), integers + k);
        if (k < padded)
        {
            TSimd.StoreInt16(TSimd.Multiply(TSimd.Load(x + k), inverse), zero, integers + k);
            k += 2 * TSimd.Lanes;
        }

        if (k < 2 * elements) new Span<short>(integers + k, 2 * elements - k).Clear();
        x[elements] = scale;
    }
}
