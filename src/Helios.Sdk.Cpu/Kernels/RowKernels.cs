using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// Operations on one row of activations. Rows are padded with zeros to whole vectors of every width, so that no loop here
/// has a tail, but for rotation, whose halves need not be multiples of anything.
/// </summary>
internal static unsafe class RowKernels<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>target += source, over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* target, float* source, int padded)
    {
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(TSimd.Add(TSimd.Load(target + i), TSimd.Load(source + i)), target + i);
    }

    /// <summary>y *= factor, over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* y, float factor, int padded)
    {
        var vector = TSimd.Create(factor);
        for (var i = 0; i < padded; i += TSimd.Lanes) TSimd.Store(TSimd.Multiply(TSimd.Load(y + i), vector), y + i);
    }

    /// <summary>RMSNorm: y = x / sqrt(mean of x squared + epsilon) x weight.</summary>
    /// <param name="x">Row, zero from <paramref name="size"/> to <paramref name="padded"/>.</param>
    /// <param name="weight">Norm weights, as padded.</param>
    /// <param name="y">Result, padded.</param>
    /// <param name="size">Elements that the mean is over.</param>
    /// <param name="padded">Elements with padding.</param>
    /// <param name="epsilon">Added to the mean.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* y, int size, int padded, float epsilon)
    {
        var squares = TSimd.Create(0);
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var value = TSimd.Load(x + i);
            squares = TSimd.MultiplyAdd(value, value, squares);
        }

        var inverse = TSimd.Create((float)(1 / Math.Sqrt((double)TSimd.Sum(squares) / size + epsilon)));
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(TSimd.Multiply(TSimd.Multiply(TSimd.Load(x + i), inverse), TSimd.Load(weight + i)), y + i);
    }

    /// <summary>SwiGLU: gate = gate x sigmoid(gate) x up, over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gate(float* gate, float* up, int padded)
    {
        var zero = TSimd.Create(0);
        var one = TSimd.Create(1);
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var value = TSimd.Load(gate + i);
            var sigmoid = TSimd.Add(one, VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(zero, value)));
            TSimd.Store(TSimd.Multiply(TSimd.Divide(value, sigmoid), TSimd.Load(up + i)), gate + i);
        }
    }

    /// <summary>Rotary position of one head: element i turns with element i + half. All is then scaled.</summary>
    /// <param name="head"><c>[2 x half]</c>.</param>
    /// <param name="cosines"><c>[half]</c> of the position.</param>
    /// <param name="sines"><c>[half]</c> of the position.</param>
    /// <param name="half">Half the width of the head.</param>
    /// <param name="scale">Factor on every element.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(float* head, float* cosines, float* sines, int half, float scale)
    {
        var i = 0;
        var factor = TSimd.Create(scale);
        for (; i + TSimd.Lanes <= half; i += TSimd.Lanes)
        {
            var (x, y) = (TSimd.Load(head + i), TSimd.Load(head + half + i));
            var (cos, sin) = (TSimd.Load(cosines + i), TSimd.Load(sines + i));
            TSimd.Store(TSimd.Multiply(TSimd.Subtract(TSimd.Multiply(x, cos), TSimd.Multiply(y, sin)), factor), head + i);
            TSimd.Store(TSimd.Multiply(TSimd.Add(TSimd.Multiply(y, cos), TSimd.Multiply(x, sin)), factor), head + half + i);
        }

        for (; i < half; i++)
        {
            var (x, y) = (head[i], head[half + i]);
            head[i] = (x * cosines[i] - y * sines[i]) * scale;
            head[half + i] = (y * cosines[i] + x * sines[i]) * scale;
        }
    }

    /// <summary>y = e^x, over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exp(float* x, float* y, int padded)
    {
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(VectorMath.Exp<TSimd, TVector>(TSimd.Load(x + i)), y + i);
    }
}
