using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>Functions of one vector.</summary>
internal static class VectorMath
{
    /// <summary>The bits of 1.5 x 2^23: a float plus that is rounded to an integer, which then lies in the low bits.</summary>
    public const int BiasBits = 0x4B400000;

    /// <summary>The float of those bits.</summary>
    public const float Bias = 12582912f;

    /// <summary>Sign, exponent and fraction of a half in the upper 16 bits of an integer that was shifted down by 3, with its sign.</summary>
    public const uint HalfBits = 0x8FFFE000;

    /// <summary>2^112, which is how much the exponent of a half is too small by in a float.</summary>
    public const float HalfExponent = 5.192296858534828e33f;

    /// <summary>Asks for a cache line that will be read soon. A hint: the address need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch(float* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>
    /// e^x within about one unit in the last place: x = n ln 2 + r, a polynomial of degree 7 in r, times 2^n. Below -104
    /// it is 0, above 89 infinite; NaN stays NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        x = TSimd.Min(TSimd.Create(89f), TSimd.Max(TSimd.Create(-104f), x));
        var biased = TSimd.MultiplyAdd(x, TSimd.Create(1.44269504088896341f), TSimd.Create(Bias));
        var n = TSimd.Subtract(biased, TSimd.Create(Bias));
        var r = TSimd.MultiplyAdd(n, TSimd.Create(-0.693359375f), x);
        r = TSimd.MultiplyAdd(n, TSimd.Create(2.12194440e-4f), r);
        var p = TSimd.Create(1.9875691500e-4f);
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(1.3981999507e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(8.3334519073e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(4.1665795894e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(1.6666665459e-1f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(5.0000001201e-1f));
        p = TSimd.MultiplyAdd(p, TSimd.Multiply(r, r), TSimd.Add(r, TSimd.Create(1f)));
        return TSimd.Scale(p, biased);
    }

    /// <summary>tanh x within about 1e-7 of absolute error: 1 - 2 / (e^2x + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var one = TSimd.Create(1);
        var power = Exp<TSimd, TVector>(TSimd.Add(x, x));
        return TSimd.Subtract(one, TSimd.Divide(TSimd.Create(2), TSimd.Add(power, one)));
    }

    /// <summary>
    /// The error function within 1.5e-7 of absolute error: Abramowitz and Stegun 7.1.26, 1 - (a1 t + .. + a5 t^5) e^-x² with
    /// t = 1 / (1 + p |x|), for x of at least 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ErfOfPositive<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var one = TSimd.Create(1);
        var t = TSimd.Divide(one, TSimd.MultiplyAdd(x, TSimd.Create(0.3275911f), one));
        var p = TSimd.Create(1.061405429f);
        p = TSimd.MultiplyAdd(p, t, TSimd.Create(-1.453152027f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Create(1.421413741f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Create(-0.284496736f));
        p = TSimd.MultiplyAdd(p, t, TSimd.Create(0.254829592f));
        var square = TSimd.Subtract(TSimd.Create(0), TSimd.Multiply(x, x));
        return TSimd.Subtract(one, TSimd.Multiply(TSimd.Multiply(p, t), Exp<TSimd, TVector>(square)));
    }
}
