using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>512-bit vectors: AVX-512 with its byte and word instructions, which .NET requires for them.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Lanes => 16;

    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);

    public static Vector512<float> Create(float value) => Vector512.Create(value);

    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    public static Vector512<float> Divide(Vector512<float> left, Vector512<float> right) => left / right;

    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Vector512.FusedMultiplyAdd(left, right, addend);

    public static Vector512<float> Max(Vector512<float> left, Vector512<float> right) => Vector512.MaxNative(left, right);

    public static Vector512<float> Min(Vector512<float> left, Vector512<float> right) => Vector512.MinNative(left, right);

    public static Vector512<float> WhereLess(Vector512<float> left, Vector512<float> right, Vector512<float> then, Vector512<float> otherwise) =>
        Vector512.ConditionalSelect(Vector512.LessThan(left, right), then, otherwise);

    public static uint EqualLanes(Vector512<float> left, Vector512<float> right) =>
        (uint)Vector512.Equals(left, right).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Simd256.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector512<float> value) => Simd256.MaxLane(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LowBf16(Vector512<float> pair) => (pair.AsUInt32() << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HighBf16(Vector512<float> pair) => (pair.AsUInt32() & Vector512.Create(0xFFFF0000u)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LowFp16(Vector512<float> pair) => HighFp16((pair.AsUInt32() << 16).AsSingle());

    // The sign stays, exponent and fraction go to their places; what the exponent is then too small by is multiplied in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HighFp16(Vector512<float> pair) =>
        ((pair.AsInt32() >> 3).AsUInt32() & Vector512.Create(VectorMath.HalfBits)).AsSingle() * Vector512.Create(VectorMath.HalfExponent);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> value, Vector512<float> biased)
    {
        var exponent = biased.AsInt32() - Vector512.Create(VectorMath.BiasBits);
        var half = exponent >> 1;
        var rest = exponent - half;
        var one = Vector512.Create(127);
        return value * ((half + one) << 23).AsSingle() * ((rest + one) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenInt8(sbyte* source) => Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LowNibbles(Vector512<float> bytes) => (bytes.AsByte() & Vector512.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> HighNibbles(Vector512<float> bytes) => ((bytes.AsUInt16() >> 4).AsByte() & Vector512.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> DotInt16(Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        (Avx512BW.MultiplyAddAdjacent(left.AsInt16(), right.AsInt16()) + sum.AsInt32()).AsSingle();

    // Products of neighbours are summed in 16 bits: exact, since a whole sum fits.
    public static Vector512<float> BeginDotInt8(int* offset) => Vector512.Create(*offset).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> DotInt8(Vector512<float> left, Vector512<float> right, Vector512<float> sum) =>
        (Avx512BW.MultiplyAddAdjacent(left.AsByte(), right.AsSByte()) + sum.AsInt16()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> EndDotInt8(Vector512<float> sum) => FromInt32(DotInt16(sum, Vector512.Create((short)1).AsSingle(), default));

    public static Vector512<float> FromInt32(Vector512<float> integers) => Vector512.ConvertToSingle(integers.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> value) => value + Vector512.Create(VectorMath.Bias) - Vector512.Create(VectorMath.Bias);

    public static void StoreInt16(Vector512<float> first, Vector512<float> second, short* destination) => Int16s(first, second).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(Vector512<float> first, Vector512<float> second, sbyte* destination)
    {
        var integers = Int16s(first, second);
        Vector512.Narrow(integers, integers).GetLower().Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Int16s(Vector512<float> first, Vector512<float> second) =>
        Vector512.Narrow(Vector512.ConvertToInt32Native(first), Vector512.ConvertToInt32Native(second));
}
