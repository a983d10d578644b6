using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>256-bit vectors.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static int Lanes => 8;

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);

    public static Vector256<float> Create(float value) => Vector256.Create(value);

    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    public static Vector256<float> Divide(Vector256<float> left, Vector256<float> right) => left / right;

    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.FusedMultiplyAdd(left, right, addend);

    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Vector256.MaxNative(left, right);

    public static Vector256<float> Min(Vector256<float> left, Vector256<float> right) => Vector256.MinNative(left, right);

    public static Vector256<float> WhereLess(Vector256<float> left, Vector256<float> right, Vector256<float> then, Vector256<float> otherwise) =>
        Vector256.ConditionalSelect(Vector256.LessThan(left, right), then, otherwise);

    public static uint EqualLanes(Vector256<float> left, Vector256<float> right) =>
        Vector256.Equals(left, right).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Simd128.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector256<float> value) => Simd128.MaxLane(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowBf16(Vector256<float> pair) => (pair.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighBf16(Vector256<float> pair) => (pair.AsUInt32() & Vector256.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowFp16(Vector256<float> pair) => HighFp16((pair.AsUInt32() << 16).AsSingle());

    // The sign stays, exponent and fraction go to their places; what the exponent is then too small by is multiplied in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighFp16(Vector256<float> pair) =>
        ((pair.AsInt32() >> 3).AsUInt32() & Vector256.Create(VectorMath.HalfBits)).AsSingle() * Vector256.Create(VectorMath.HalfExponent);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(Vector256<float> value, Vector256<float> biased)
    {
        var exponent = biased.AsInt32() - Vector256.Create(VectorMath.BiasBits);
        var half = exponent >> 1;
        var rest = exponent - half;
        var one = Vector256.Create(127);
        return value * ((half + one) << 23).AsSingle() * ((rest + one) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenInt8(sbyte* source) => Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowNibbles(Vector256<float> bytes) => (bytes.AsByte() & Vector256.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighNibbles(Vector256<float> bytes) => ((bytes.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> DotInt16(Vector256<float> left, Vector256<float> right, Vector256<float> sum)
    {
        if (AvxVnni.IsSupported) return AvxVnni.MultiplyWideningAndAdd(sum.AsInt32(), left.AsInt16(), right.AsInt16()).AsSingle();
        if (Avx2.IsSupported) return (Avx2.MultiplyAddAdjacent(left.AsInt16(), right.AsInt16()) + sum.AsInt32()).AsSingle();
        return Vector256.Create(
            Simd128.DotInt16(left.GetLower(), right.GetLower(), sum.GetLower()),
            Simd128.DotInt16(left.GetUpper(), right.GetUpper(), sum.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BeginDotInt8(int* offset)
    {
        var broadcast = Vector256.Create(*offset);
        return (AvxVnni.IsSupported ? (broadcast << 16) >> 16 : broadcast).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> DotInt8(Vector256<float> left, Vector256<float> right, Vector256<float> sum) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum.AsInt32(), left.AsByte(), right.AsSByte()).AsSingle()
        : PairsOfInt8(left, right, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> EndDotInt8(Vector256<float> sum) =>
        FromInt32(AvxVnni.IsSupported ? sum : DotInt16(sum, Vector256.Create((short)1).AsSingle(), default));

    /// <summary>sum + left x right over pairs of bytes, left 0 to 15, in 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PairsOfInt8(Vector256<float> left, Vector256<float> right, Vector256<float> sum) => Avx2.IsSupported
        ? (Avx2.MultiplyAddAdjacent(left.AsByte(), right.AsSByte()) + sum.AsInt16()).AsSingle()
        : Vector256.Create(
            Simd128.PairsOfInt8(left.GetLower(), right.GetLower(), sum.GetLower()),
            Simd128.PairsOfInt8(left.GetUpper(), right.GetUpper(), sum.GetUpper()));

    public static Vector256<float> FromInt32(Vector256<float> integers) => Vector256.ConvertToSingle(integers.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Round(Vector256<float> value) => value + Vector256.Create(VectorMath.Bias) - Vector256.Create(VectorMath.Bias);

    public static void StoreInt16(Vector256<float> first, Vector256<float> second, short* destination) => Int16s(first, second).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(Vector256<float> first, Vector256<float> second, sbyte* destination)
    {
        var integers = Int16s(first, second);
        Vector256.Narrow(integers, integers).GetLower().Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Int16s(Vector256<float> first, Vector256<float> second) =>
        Vector256.Narrow(Vector256.ConvertToInt32Native(first), Vector256.ConvertToInt32Native(second));
}
