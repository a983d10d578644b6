using System.Diagnostics.CodeAnalysis;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// What kernels need of a vector of floats. Kernels are written once over it, as static abstract members of a struct, so
/// that the JIT makes one inlined version per width.
/// </summary>
/// <typeparam name="TVector">The vector.</typeparam>
[SuppressMessage("Naming", "CA1716", Justification = "Internal.")]
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of a vector: 4, 8 or 16.</summary>
    static abstract int Lanes { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Create(float value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left x right + addend, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The larger; where <paramref name="right"/> is NaN, NaN.</summary>
    static abstract TVector Max(TVector left, TVector right);

    /// <summary>The smaller; where <paramref name="right"/> is NaN, NaN.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary><paramref name="then"/> where left is below right, else <paramref name="otherwise"/>.</summary>
    static abstract TVector WhereLess(TVector left, TVector right, TVector then, TVector otherwise);

    /// <summary>One bit per lane that is equal, lane 0 lowest.</summary>
    static abstract uint EqualLanes(TVector left, TVector right);

    static abstract float Sum(TVector value);

    static abstract float MaxLane(TVector value);

    /// <summary>Floats whose upper halves are the lower 16 bits of each lane.</summary>
    static abstract TVector LowBf16(TVector pair);

    /// <summary>Floats whose upper halves are the upper 16 bits of each lane.</summary>
    static abstract TVector HighBf16(TVector pair);

    /// <summary>Halves that are the lower 16 bits of each lane, as floats: normal ones and zero.</summary>
    static abstract TVector LowFp16(TVector pair);

    /// <summary>Halves that are the upper 16 bits of each lane, as floats: normal ones and zero.</summary>
    static abstract TVector HighFp16(TVector pair);

    /// <summary>value x 2^n, where n + 1.5 x 2^23 is <paramref name="biased"/>. In two factors, so that it overflows and underflows as it should.</summary>
    static abstract TVector Scale(TVector value, TVector biased);

    /// <summary>Twice as many signed bytes as lanes, each widened to 16 bits.</summary>
    static abstract TVector WidenInt8(sbyte* source);

    /// <summary>The low 4 bits of each byte.</summary>
    static abstract TVector LowNibbles(TVector bytes);

    /// <summary>The high 4 bits of each byte.</summary>
    static abstract TVector HighNibbles(TVector bytes);

    /// <summary>sum + left x right over the two 16-bit integers of each lane, in 32-bit integers.</summary>
    static abstract TVector DotInt16(TVector left, TVector right, TVector sum);

    /// <summary>
    /// What a sum of <see cref="DotInt8"/> begins with: an integer of 16 bits in every lane, given with zeros above it.
    /// </summary>
    static abstract TVector BeginDotInt8(int* offset);

    /// <summary>
    /// sum + left x right over the four bytes of each lane: left 0 to 15, right signed. Up to eight products may be summed;
    /// how a sum is held until <see cref="EndDotInt8"/> differs by machine.
    /// </summary>
    static abstract TVector DotInt8(TVector left, TVector right, TVector sum);

    /// <summary>A sum of <see cref="DotInt8"/> as floats. It must fit 16 bits.</summary>
    static abstract TVector EndDotInt8(TVector sum);

    /// <summary>32-bit integers as floats.</summary>
    static abstract TVector FromInt32(TVector integers);

    /// <summary>Each lane rounded to an integer, ties to even; up to 2^22 in magnitude.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>Stores two vectors of whole numbers as 16-bit integers; what is not finite is stored as anything.</summary>
    static abstract void StoreInt16(TVector first, TVector second, short* destination);

    /// <summary>The same as 8-bit integers.</summary>
    static abstract void StoreInt8(TVector first, TVector second, sbyte* destination);
}
