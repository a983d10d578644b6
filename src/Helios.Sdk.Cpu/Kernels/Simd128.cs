using System.Runtime.Intrinsics;

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

    public static float MaxLane(Vector128<float> value) => Halves(Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1))));

    public static Vector128<float> LowBf16(Vector128<float> pair) => (pair.AsUInt32() << 16).AsSingle();

    public static Vector128<float> HighBf16(Vector128<float> pair) => (pair.AsUInt32() & Vector128.Create(0xFFFF0000u)).AsSingle();

    public static Vector128<float> Scale(Vector128<float> value, Vector128<float> biased)
    {
        var exponent = biased.AsInt32() - Vector128.Create(VectorMath.BiasBits);
        var half = exponent >> 1;
        var rest = exponent - half;
        var one = Vector128.Create(127);
        return value * ((half + one) << 23).AsSingle() * ((rest + one) << 23).AsSingle();
    }

    private static float Halves(Vector128<float> value) =>
        Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(1, 0, 3, 2))).ToScalar();
}
