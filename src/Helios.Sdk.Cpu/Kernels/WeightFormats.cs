namespace Helios.Sdk.Cpu.Kernels;

/// <summary>How the weights of a packed matrix are held.</summary>
internal enum WeightFormat
{
    /// <summary>32-bit floats, <c>[rows / 16][columns][16]</c>.</summary>
    Fp32,

    /// <summary>bfloat16 in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>: one load holds 16 rows x 2 columns.</summary>
    Bf16,

    /// <summary>
    /// Signed bytes in pairs of columns, <c>[rows / 16][columns / 2][16][2]</c>. Behind the weights of a block stand their
    /// scales, one per row and group of columns, laid out as a bfloat16 block is.
    /// </summary>
    Int8,

    /// <summary>
    /// Signed nibbles in two pairs of columns, <c>[rows / 16][columns / 4][16][2]</c>: the low nibbles are the first pair,
    /// the high ones the second. Scales as with <see cref="Int8"/>.
    /// </summary>
    Int4,
}

/// <summary>
/// What the matrix product needs of a format: weights two elements at a time, for a vector of rows, and how their products
/// with activations are summed. An element is what 4 bytes of an activation column hold: a float, or for the integer
/// formats two 16-bit integers.
/// </summary>
internal unsafe interface IWeightFormat<TVector>
    where TVector : struct
{
    /// <summary>Units of 4 bytes from one pair of elements to the next.</summary>
    static abstract int PairStride { get; }

    /// <summary>Bytes from one row to the next in a load.</summary>
    static abstract int LaneBytes { get; }

    /// <summary>Weights of the pair's first element.</summary>
    static abstract TVector Even(float* pair);

    /// <summary>Weights of the pair's second element.</summary>
    static abstract TVector Odd(float* pair);

    /// <summary>sum + weights x activation.</summary>
    static abstract TVector MultiplyAdd(TVector weights, TVector activation, TVector sum);

    /// <summary>Scales of a group, for a vector of rows.</summary>
    static abstract TVector Scale(float* scales, int group);

    /// <summary>Adds the sum over a group to the result; group 0 begins it.</summary>
    static abstract void Store(TVector sum, TVector scale, int group, float* y);
}

internal readonly unsafe struct Fp32Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 32;

    public static int LaneBytes => 4;

    public static TVector Even(float* pair) => TSimd.Load(pair);

    public static TVector Odd(float* pair) => TSimd.Load(pair + 16);

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => default;

    public static void Store(TVector sum, TVector scale, int group, float* y) => TSimd.Store(sum, y);
}

internal readonly unsafe struct Bf16Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 4;

    public static TVector Even(float* pair) => TSimd.LowBf16(TSimd.Load(pair));

    public static TVector Odd(float* pair) => TSimd.HighBf16(TSimd.Load(pair));

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => default;

    public static void Store(TVector sum, TVector scale, int group, float* y) => TSimd.Store(sum, y);
}

/// <summary>Sums are 32-bit integers: a group is short enough that they cannot overflow, see <see cref="Loading.Quantisation"/>.</summary>
internal readonly unsafe struct Int8Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 2;

    public static TVector Even(float* pair) => TSimd.WidenInt8((sbyte*)pair);

    public static TVector Odd(float* pair) => TSimd.WidenInt8((sbyte*)(pair + 8));

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.DotInt16(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => GroupScales.Of<TSimd, TVector>(scales, group);

    public static void Store(TVector sum, TVector scale, int group, float* y) => GroupScales.Add<TSimd, TVector>(sum, scale, group, y);
}

/// <summary>As <see cref="Int8Format{TSimd, TVector}"/>, with two weights in a byte.</summary>
internal readonly unsafe struct Int4Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 8;

    public static int LaneBytes => 2;

    public static TVector Even(float* pair) => TSimd.LowNibbles(TSimd.WidenInt8((sbyte*)pair));

    public static TVector Odd(float* pair) => TSimd.HighNibbles(TSimd.WidenInt8((sbyte*)pair));

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.DotInt16(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => GroupScales.Of<TSimd, TVector>(scales, group);

    public static void Store(TVector sum, TVector scale, int group, float* y) => GroupScales.Add<TSimd, TVector>(sum, scale, group, y);
}

/// <summary>Scales of groups, which lie in pairs of groups as bfloat16 weights do.</summary>
internal static unsafe class GroupScales
{
    public static TVector Of<TSimd, TVector>(float* scales, int group)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var pair = TSimd.Load(scales + group / 2 * 16);
        return group % 2 == 0 ? TSimd.LowBf16(pair) : TSimd.HighBf16(pair);
    }

    public static void Add<TSimd, TVector>(TVector sum, TVector scale, int group, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        TSimd.Store(TSimd.MultiplyAdd(TSimd.FromInt32(sum), scale, group == 0 ? default : TSimd.Load(y)), y);
}
