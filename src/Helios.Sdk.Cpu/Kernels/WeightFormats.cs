using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Formats;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// What the matrix product needs of a format: weights two elements at a time, for a vector of rows, and how their products
/// with activations are summed, group by group. An element is what 4 bytes of an activation column hold: one float, or with
/// integer weights as many integers as fit, see <see cref="Integers{TSimd, TVector}"/>.
/// </summary>
internal unsafe interface IWeightFormat<TVector>
    where TVector : struct
{
    /// <summary>Units of 4 bytes from one pair of elements to the next.</summary>
    static abstract int PairStride { get; }

    /// <summary>Bytes from one row to the next in a load.</summary>
    static abstract int LaneBytes { get; }

    /// <summary>
    /// Vectors of rows that a single column goes over at a time, 2 or 4: measured, as what streams from memory fastest. Two
    /// are prefetched, four are left to the machine.
    /// </summary>
    static abstract int StripsAtOneColumn { get; }

    /// <summary>Weights of a pair's two elements.</summary>
    static abstract void Pair(float* pair, out TVector even, out TVector odd);

    /// <summary>What the sum over a group begins with.</summary>
    static abstract TVector Begin(float* offset);

    /// <summary>sum + weights x activation.</summary>
    static abstract TVector MultiplyAdd(TVector weights, TVector activation, TVector sum);

    /// <summary>Scales of a group, for a vector of rows.</summary>
    static abstract TVector Scale(float* scales, int group);

    /// <summary>Offsets of a group, for a vector of rows; nothing where the format has none.</summary>
    static abstract TVector Offset(float* scales, int groups, int group);

    /// <summary>Adds the sum over a group to the result; group 0 begins it.</summary>
    static abstract void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y);
}

internal readonly unsafe struct Fp32Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 32;

    public static int LaneBytes => 4;

    public static int StripsAtOneColumn => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair(float* pair, out TVector even, out TVector odd)
    {
        even = TSimd.Load(pair);
        odd = TSimd.Load(pair + 16);
    }

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => default;

    public static TVector Offset(float* scales, int groups, int group) => default;

    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) => TSimd.Store(sum, y);
}

internal readonly unsafe struct Bf16Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 4;

    public static int StripsAtOneColumn => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair(float* pair, out TVector even, out TVector odd)
    {
        var both = TSimd.Load(pair);
        even = TSimd.LowBf16(both);
        odd = TSimd.HighBf16(both);
    }

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => default;

    public static TVector Offset(float* scales, int groups, int group) => default;

    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) => TSimd.Store(sum, y);
}

/// <summary>Halves times a factor for each row, see <see cref="HalfRows"/>.</summary>
internal readonly unsafe struct Fp16Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 4;

    public static int StripsAtOneColumn => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair(float* pair, out TVector even, out TVector odd)
    {
        var both = TSimd.Load(pair);
        even = TSimd.LowFp16(both);
        odd = TSimd.HighFp16(both);
    }

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => TSimd.Load(scales);

    public static TVector Offset(float* scales, int groups, int group) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) =>
        TSimd.Store(TSimd.Multiply(sum, scale), y);
}

/// <summary>Bytes by 16-bit activations. The sum of a group cannot overflow 32 bits, see <see cref="Quantisation"/>.</summary>
internal readonly unsafe struct Int8Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 2;

    public static int StripsAtOneColumn => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair(float* pair, out TVector even, out TVector odd)
    {
        even = TSimd.WidenInt8((sbyte*)pair);
        odd = TSimd.WidenInt8((sbyte*)(pair + 8));
    }

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.DotInt16(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => GroupScales.Of<TSimd, TVector>(scales, group);

    public static TVector Offset(float* scales, int groups, int group) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) =>
        GroupScales.Add<TSimd, TVector>(TSimd.FromInt32(sum), scale, activationScale, group, y);
}

/// <summary>Nibbles by 8-bit activations. A sum begins with what the 8 that nibbles are too large by will add to it, taken off.</summary>
internal readonly unsafe struct Int4Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 4;

    public static int StripsAtOneColumn => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pair(float* pair, out TVector even, out TVector odd)
    {
        var both = TSimd.Load(pair);
        even = TSimd.LowNibbles(both);
        odd = TSimd.HighNibbles(both);
    }

    public static TVector Begin(float* offset) => TSimd.BeginDotInt8((int*)offset);

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.DotInt8(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => GroupScales.Of<TSimd, TVector>(scales, group);

    public static TVector Offset(float* scales, int groups, int group) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) =>
        GroupScales.Add<TSimd, TVector>(TSimd.EndDotInt8(sum), scale, activationScale, group, y);
}

/// <summary>The bytes of a quantised file by 16-bit activations. The sum of a group cannot overflow 32 bits.</summary>
internal readonly unsafe struct Block8Format<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 2;

    public static int StripsAtOneColumn => 2;

    public static void Pair(float* pair, out TVector even, out TVector odd) => Int8Format<TSimd, TVector>.Pair(pair, out even, out odd);

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => TSimd.DotInt16(weights, activation, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Scale(float* scales, int group) => TSimd.Load(scales + group * PackedMatrix.BlockRows);

    public static TVector Offset(float* scales, int groups, int group) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y) =>
        GroupScales.Add<TSimd, TVector>(TSimd.FromInt32(sum), scale, activationScale, group, y);
}

/// <summary>The same with offsets, which are multiplied by the sum of a group's activations.</summary>
internal readonly unsafe struct Block8OffsetFormat<TSimd, TVector> : IWeightFormat<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public static int PairStride => 16;

    public static int LaneBytes => 2;

    public static int StripsAtOneColumn => 2;

    public static void Pair(float* pair, out TVector even, out TVector odd) => Block8Format<TSimd, TVector>.Pair(pair, out even, out odd);

    public static TVector Begin(float* offset) => default;

    public static TVector MultiplyAdd(TVector weights, TVector activation, TVector sum) => Block8Format<TSimd, TVector>.MultiplyAdd(weights, activation, sum);

    public static TVector Scale(float* scales, int group) => Block8Format<TSimd, TVector>.Scale(scales, group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Offset(float* scales, int groups, int group) => TSimd.Load(scales + (groups + group) * PackedMatrix.BlockRows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TVector sum, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y)
    {
        Block8Format<TSimd, TVector>.Store(sum, scale, offset, activationScale, groups, group, y);
        TSimd.Store(TSimd.MultiplyAdd(offset, TSimd.Create(activationScale[groups]), TSimd.Load(y)), y);
    }
}

/// <summary>Scales of groups, which lie in pairs of groups as bfloat16 weights do.</summary>
internal static unsafe class GroupScales
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TSimd, TVector>(float* scales, int group)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var pair = TSimd.Load(scales + group / 2 * 16);
        return group % 2 == 0 ? TSimd.LowBf16(pair) : TSimd.HighBf16(pair);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TSimd, TVector>(TVector sum, TVector scale, float* activationScale, int group, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        var both = TSimd.Multiply(scale, TSimd.Create(*activationScale));
        TSimd.Store(TSimd.MultiplyAdd(sum, both, group == 0 ? default : TSimd.Load(y)), y);
    }
}
