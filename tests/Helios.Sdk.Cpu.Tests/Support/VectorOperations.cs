using System.Runtime.Intrinsics;
using Helios.Sdk.Cpu.Kernels;

namespace Helios.Sdk.Cpu.Tests.Support;

/// <summary>What a vector does to integers, over arrays of one vector's length (twice as many numbers where they are narrowed).</summary>
internal abstract unsafe class VectorOperations
{
    public abstract int Lanes { get; }

    public static VectorOperations Of(int width) => width switch
    {
        128 => new VectorOperations<Simd128, Vector128<float>>(),
        256 => new VectorOperations<Simd256, Vector256<float>>(),
        _ => new VectorOperations<Simd512, Vector512<float>>(),
    };

    public abstract int[] DotInt16(short[] left, short[] right, int[] sum);

    /// <summary>One sum from its offset to its floats, over as many products as there are arrays.</summary>
    public abstract float[] SumOfDotInt8(int offset, byte[][] left, sbyte[][] right);

    public abstract short[] WidenInt8(sbyte[] bytes);

    public abstract byte[] LowNibbles(byte[] bytes);

    public abstract byte[] HighNibbles(byte[] bytes);

    public abstract float[] FromInt32(int[] integers);

    public abstract float[] Round(float[] values);

    public abstract short[] StoreInt16(float[] values);

    public abstract sbyte[] StoreInt8(float[] values);
}

internal sealed unsafe class VectorOperations<TSimd, TVector> : VectorOperations
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public override int Lanes => TSimd.Lanes;

    public override int[] DotInt16(short[] left, short[] right, int[] sum) => Store<int>(TSimd.DotInt16(Load(left), Load(right), Load(sum)));

    public override float[] SumOfDotInt8(int offset, byte[][] left, sbyte[][] right)
    {
        var sum = TSimd.BeginDotInt8(&offset);
        for (var i = 0; i < left.Length; i++) sum = TSimd.DotInt8(Load(left[i]), Load(right[i]), sum);
        return Store<float>(TSimd.EndDotInt8(sum));
    }

    public override short[] WidenInt8(sbyte[] bytes)
    {
        fixed (sbyte* source = bytes) return Store<short>(TSimd.WidenInt8(source));
    }

    public override byte[] LowNibbles(byte[] bytes) => Store<byte>(TSimd.LowNibbles(Load(bytes)));

    public override byte[] HighNibbles(byte[] bytes) => Store<byte>(TSimd.HighNibbles(Load(bytes)));

    public override float[] FromInt32(int[] integers) => Store<float>(TSimd.FromInt32(Load(integers)));

    public override float[] Round(float[] values) => Store<float>(TSimd.Round(Load(values)));

    public override short[] StoreInt16(float[] values)
    {
        var stored = new short[2 * Lanes];
        fixed (short* destination = stored) TSimd.StoreInt16(Load(values), Load(values[Lanes..]), destination);
        return stored;
    }

    public override sbyte[] StoreInt8(float[] values)
    {
        var stored = new sbyte[2 * Lanes];
        fixed (sbyte* destination = stored) TSimd.StoreInt8(Load(values), Load(values[Lanes..]), destination);
        return stored;
    }

    private static TVector Load<T>(T[] values)
        where T : unmanaged
    {
        fixed (T* source = values) return TSimd.Load((float*)source);
    }

    private static T[] Store<T>(TVector vector)
        where T : unmanaged
    {
        var values = new T[TSimd.Lanes * sizeof(float) / sizeof(T)];
        fixed (T* destination = values) TSimd.Store(vector, (float*)destination);
        return values;
    }
}
