namespace Helios.Sdk.Cpu.Kernels;

/// <summary>How the weights of a packed matrix are held.</summary>
internal enum WeightFormat
{
    /// <summary>32-bit floats, <c>[rows / 16][columns][16]</c>.</summary>
    Fp32,

    /// <summary>bfloat16 in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>: one load holds 16 rows x 2 columns.</summary>
    Bf16,
}

/// <summary>Reads 16 rows x 2 columns of a packed matrix, a vector of rows at a time.</summary>
internal unsafe interface IWeightReader<TVector>
    where TVector : struct
{
    /// <summary>Units of 4 bytes from one pair of columns to the next.</summary>
    static abstract int PairStride { get; }

    /// <summary>The first column of the pair.</summary>
    static abstract TVector Even(float* pair);

    /// <summary>The second column of the pair.</summary>
    static abstract TVector Odd(float* pair);
}

internal readonly unsafe struct Fp32Reader<TSimd, TVector> : IWeightReader<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 32;

    public static TVector Even(float* pair) => TSimd.Load(pair);

    public static TVector Odd(float* pair) => TSimd.Load(pair + 16);
}

internal readonly unsafe struct Bf16Reader<TSimd, TVector> : IWeightReader<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static TVector Even(float* pair) => TSimd.LowBf16(TSimd.Load(pair));

    public static TVector Odd(float* pair) => TSimd.HighBf16(TSimd.Load(pair));
}
