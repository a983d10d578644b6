namespace Helios.Sdk.Cpu.Formats;

/// <summary>
/// Rows of half precision that are cheap to widen. Kernels put the bits of a half in their places in a float and multiply by a power of two, which is exact; but
/// a subnormal half would be a subnormal float on the way, and processors multiply those in microcode. So the halves of a row are held times 2^10, where
/// even the smallest is normal, and its sums are multiplied by 2^-10: both change the exponent alone, so that the results are to the bit
/// those of the same weights in FP32. A row with a weight too large for that is held as it is. Kernels widen infinity and NaN to plain numbers: a row
/// with one has the factor NaN, and so have its results.
/// </summary>
internal static class HalfRows
{
    /// <summary>The largest half.</summary>
    public const float Largest = 65_504;

    private const int SignBit = 0x8000;
    private const int SmallestNormal = 0x0400;
    private const int Infinity = 0x7C00;

    /// <summary>The largest half that can be lifted.</summary>
    private const int LargestLifted = Infinity - 1 - Lift;

    /// <summary>10 in the exponent of a half.</summary>
    private const int Lift = 10 << 10;

    /// <summary>The bits of the half that is nearest to a number, ties to even.</summary>
    public static ushort Round(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>What is added to the exponents of a row before it is held.</summary>
    /// <param name="largest">The largest magnitude in the row, as bits of a half without the sign.</param>
    public static int LiftOf(int largest) => largest <= LargestLifted ? Lift : 0;

    /// <summary>What sums over the row are multiplied by.</summary>
    /// <param name="largest">The largest magnitude in the row, as bits of a half without the sign.</param>
    public static float FactorOf(int largest) => largest >= Infinity ? float.NaN : LiftOf(largest) == 0 ? 1 : 1f / 1024;

    /// <summary>The bits of a half without the sign: they are in the order of magnitudes, NaN beyond infinity.</summary>
    public static int Magnitude(ushort half) => half & ~SignBit;

    /// <summary>A half as its row holds it.</summary>
    /// <param name="half">Its bits.</param>
    /// <param name="lift">What is added to the exponents of its row.</param>
    public static ushort Hold(ushort half, int lift)
    {
        if (lift == 0 || Magnitude(half) == 0) return half;
        return Magnitude(half) >= SmallestNormal ? (ushort)(half + lift) : Round((float)BitConverter.UInt16BitsToHalf(half) * 1024);
    }
}
