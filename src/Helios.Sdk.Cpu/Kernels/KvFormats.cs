using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// Reads a panel of keys or values: 16 columns of elements that lie in pairs, a vector of columns at a time. Of keys the
/// columns are tokens and the elements dimensions, of values the other way round; see <see cref="Memory.KvLayout"/>.
/// </summary>
internal unsafe interface IKvFormat<TVector>
    where TVector : struct
{
    /// <summary>Units of 4 bytes from one pair of elements to the next.</summary>
    static abstract int PairStride { get; }

    /// <summary>The first element of the pair.</summary>
    static abstract TVector Even(float* pair);

    /// <summary>The second element of the pair.</summary>
    static abstract TVector Odd(float* pair);
}

/// <summary>Floats, <c>[elements][16]</c>.</summary>
internal readonly unsafe struct Fp32Kv<TSimd, TVector> : IKvFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 32;

    public static TVector Even(float* pair) => TSimd.Load(pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Odd(float* pair) => TSimd.Load(pair + 16);
}

/// <summary>bfloat16, <c>[elements / 2][16][2]</c>.</summary>
internal readonly unsafe struct Bf16Kv<TSimd, TVector> : IKvFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Even(float* pair) => TSimd.LowBf16(TSimd.Load(pair));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Odd(float* pair) => TSimd.HighBf16(TSimd.Load(pair));
}
