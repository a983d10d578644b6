using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>128-bit vectors.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static int Lanes => 4;

    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    public static void Store(Vector128<float> value, float* destination) => value.Store(destination);

    public static Vector128<float> Create(float value) => Vector128.Create(value);

    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    public static Vector128<float> Divide(Vector128<float> left, Vector128<float> right) => left / right;

    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.FusedMultiplyAdd(left, right, addend);

    public static Vector128<float> Max(Vector128<float> left, Vector128<float> right) => Vector128.MaxNative(left, right);

    public static Vector128<float> Min(Vector128<float> left, Vector128<float> right) => Vector128.MinNative(left, right);

    public static Vector128<float> WhereLess(Vector128<float> left, Vector128<float> right, Vector128<float> then, Vector128<float> otherwise) =>
        Vector128.ConditionalSelect(Vector128.LessThan(left, right), then, otherwise);

    public static uint EqualLanes(Vector128<float> left, Vector128<float> right) =>
        Vector128.Equals(left, right).ExtractMostSignificantBits();

    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector128<float> value) => Halves(Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LowBf16(Vector128<float> pair) => (pair.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HighBf16(Vector128<float> pair) => (pair.AsUInt32() & Vector128.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LowFp16(Vector128<float> pair) => HighFp16((pair.AsUInt32() << 16).AsSingle());

    // The sign stays, exponent and fraction go to their places; what the exponent is then too small by is multiplied in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HighFp16(Vector128<float> pair) =>
        ((pair.AsInt32() >> 3).AsUInt32() & Vector128.Create(VectorMath.HalfBits)).AsSingle() * Vector128.Create(VectorMath.HalfExponent);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Scale(Vector128<float> value, Vector128<float> biased)
    {
        var exponent = biased.AsInt32() - Vector128.Create(VectorMath.BiasBits);
        var half = exponent >> 1;
        var rest = exponent - half;
        var one = Vector128.Create(127);
        return value * ((half + one) << 23).AsSingle() * ((rest + one) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WidenInt8(sbyte* source) => Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LowNibbles(Vector128<float> bytes) => (bytes.AsByte() & Vector128.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> HighNibbles(Vector128<float> bytes) => ((bytes.AsUInt16() >> 4).AsByte() & Vector128.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> DotInt16(Vector128<float> left, Vector128<float> right, Vector128<float> sum)
    {
        var (l, r) = (left.AsInt16(), right.AsInt16());
        if (Sse2.IsSupported) return (Sse2.MultiplyAddAdjacent(l, r) + sum.AsInt32()).AsSingle();
        if (AdvSimd.Arm64.IsSupported)
        {
            var first = AdvSimd.MultiplyWideningLower(l.GetLower(), r.GetLower());
            var second = AdvSimd.MultiplyWideningUpper(l, r);
            return (AdvSimd.Arm64.AddPairwise(first, second) + sum.AsInt32()).AsSingle();
        }

        var even = ((left.AsInt32() << 16) >> 16) * ((right.AsInt32() << 16) >> 16);
        var odd = (left.AsInt32() >> 16) * (right.AsInt32() >> 16);
        return (even + odd + sum.AsInt32()).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> BeginDotInt8(int* offset)
    {
        var broadcast = Vector128.Create(*offset);
        return (Dp.IsSupported ? (broadcast << 16) >> 16 : broadcast).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> DotInt8(Vector128<float> left, Vector128<float> right, Vector128<float> sum) => Dp.IsSupported
        ? Dp.DotProduct(sum.AsInt32(), left.AsSByte(), right.AsSByte()).AsSingle()
        : PairsOfInt8(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> EndDotInt8(Vector128<float> sum) =>
        FromInt32(Dp.IsSupported ? sum : DotInt16(sum, Vector128.Create((short)1).AsSingle(), default));

    /// <summary>sum + left x right over pairs of bytes, left 0 to 15, in 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PairsOfInt8(Vector128<float> left, Vector128<float> right, Vector128<float> sum)
    {
        if (Ssse3.IsSupported) return (Ssse3.MultiplyAddAdjacent(left.AsByte(), right.AsSByte()) + sum.AsInt16()).AsSingle();
        var even = ((left.AsInt16() << 8) >> 8) * ((right.AsInt16() << 8) >> 8);
        var odd = (left.AsInt16() >> 8) * (right.AsInt16() >> 8);
        return (even + odd + sum.AsInt16()).AsSingle();
    }

    public static Vector128<float> FromInt32(Vector128<float> integers) => Vector128.ConvertToSingle(integers.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Round(Vector128<float> value) => value + Vector128.Create(VectorMath.Bias) - Vector128.Create(VectorMath.Bias);

    public static void StoreInt16(Vector128<float> first, Vector128<float> second, short* destination) => Int16s(first, second).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(Vector128<float> first, Vector128<float> second, sbyte* destination)
    {
        var integers = Int16s(first, second);
        Vector128.Narrow(integers, integers).GetLower().Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Int16s(Vector128<float> first, Vector128<float> second) =>
        Vector128.Narrow(Vector128.ConvertToInt32Native(first), Vector128.ConvertToInt32Native(second));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Halves(Vector128<float> value) =>
        Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(1, 0, 3, 2))).ToScalar();
}
