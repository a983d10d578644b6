using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Formats;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Activations as integers.</summary>
internal static unsafe class Integers<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>
    /// Turns a row of activations into integers where it lies: those of all groups, the last filled up with zeros; behind the
    /// floats the scales of the groups; for int4 then what a sum of each group begins with, which undoes that nibbles are
    /// larger than weights; for a format with offsets the sums of the groups. A group with anything in it that is not finite gets a scale that is not.
    /// </summary>
    /// <param name="x">The row: floats, zero from the number of columns up to a multiple of 16, with <see cref="QuantisedRow.Room"/>.</param>
    /// <param name="matrix">A quantised matrix that the row will be multiplied with.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantise(float* x, PackedMatrix matrix)
    {
        var padded = (matrix.Columns + 15) & ~15;
        var (size, behind) = (matrix.GroupColumns, matrix.ActivationScales);
        var largest = Quantisation.LargestActivation(matrix.Format);
        for (var group = 0; group < matrix.Groups; group++)
        {
            var start = group * size;
            var end = Math.Min(start + size, padded);
            var scale = Scale(x + start, end - start, largest);
            x[behind + group] = scale;
            var inverse = TSimd.Create(scale > Quantisation.SmallestScale ? 1 / scale : 0);
            var sum = TSimd.Create(0);

            // Two vectors of floats become integers that never reach what is still to be read.
            for (var k = start; k < start + size; k += 2 * TSimd.Lanes)
            {
                var first = k < end ? TSimd.Round(TSimd.Multiply(TSimd.Load(x + k), inverse)) : default;
                var second = k + TSimd.Lanes < end ? TSimd.Round(TSimd.Multiply(TSimd.Load(x + k + TSimd.Lanes), inverse)) : default;
                if (matrix.Format == WeightFormat.Int4) TSimd.StoreInt8(first, second, (sbyte*)x + k);
                else TSimd.StoreInt16(first, second, (short*)x + k);
                sum = TSimd.Add(sum, TSimd.Add(first, second));
            }

            if (matrix.Format == WeightFormat.Int4) ((int*)x)[behind + matrix.Groups + group] = (ushort)(-Quantisation.NibbleOffset * (int)TSimd.Sum(sum));
            else if (matrix.HasOffsets) x[behind + matrix.Groups + group] = TSimd.Sum(sum) * scale;
        }

        if (matrix.Format == WeightFormat.Block4) Split((short*)x, matrix.Columns);
    }

    // Upper bytes to the start, lower ones behind the integers, so that none reaches what is still to be read: 256 x upper + lower, both with a sign.
    private static void Split(short* integers, int columns)
    {
        var upper = (sbyte*)integers;
        var lower = (sbyte*)((float*)integers + QuantisedRow.LowerAt(columns));
        for (var k = 0; k < columns; k++)
        {
            var integer = integers[k];
            var high = (integer + 128) >> 8;
            (upper[k], lower[k]) = ((sbyte)high, (sbyte)(integer - (high << 8)));
        }
    }

    // Multiplying by zero leaves zero but for what is not finite, which turns the scale into NaN.
    private static float Scale(float* x, int size, int largest)
    {
        var zero = TSimd.Create(0);
        var (peak, notFinite) = (zero, zero);
        for (var i = 0; i < size; i += TSimd.Lanes)
        {
            var value = TSimd.Load(x + i);
            peak = TSimd.Max(TSimd.Max(value, TSimd.Subtract(zero, value)), peak);
            notFinite = TSimd.MultiplyAdd(value, zero, notFinite);
        }

        return TSimd.MaxLane(peak) / largest + TSimd.Sum(notFinite);
    }
}
