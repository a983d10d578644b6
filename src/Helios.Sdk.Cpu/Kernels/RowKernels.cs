using System.Runtime.CompilerServices;
using Helios.Sdk.Models;

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

    /// <summary>target += source x factor, over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float* target, float* source, float factor, int padded)
    {
        var by = TSimd.Create(factor);
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(source + i), by, TSimd.Load(target + i)), target + i);
    }

    /// <summary>Multiplies <paramref name="size"/> elements, which need not fill vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float factor, int size)
    {
        var by = TSimd.Create(factor);
        var i = 0;
        for (; i + TSimd.Lanes <= size; i += TSimd.Lanes) TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), by), x + i);
        for (; i < size; i++) x[i] *= factor;
    }

    /// <summary>RMSNorm of <paramref name="size"/> elements in their place, which need not fill vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNormInPlace(float* x, float* weight, int size, float epsilon)
    {
        var squares = TSimd.Create(0);
        var i = 0;
        for (; i + TSimd.Lanes <= size; i += TSimd.Lanes)
        {
            var value = TSimd.Load(x + i);
            squares = TSimd.MultiplyAdd(value, value, squares);
        }

        var sum = (double)TSimd.Sum(squares);
        for (; i < size; i++) sum += (double)x[i] * x[i];
        var inverse = (float)(1 / Math.Sqrt(sum / size + epsilon));
        var by = TSimd.Create(inverse);
        for (i = 0; i + TSimd.Lanes <= size; i += TSimd.Lanes)
            TSimd.Store(TSimd.Multiply(TSimd.Multiply(TSimd.Load(x + i), by), TSimd.Load(weight + i)), x + i);
        for (; i < size; i++) x[i] = x[i] * inverse * weight[i];
    }

    /// <summary>Layer norm: y = (x - mean) / sqrt(variance + epsilon) x weight + bias.</summary>
    /// <param name="x">Row, zero from <paramref name="size"/> to <paramref name="padded"/>.</param>
    /// <param name="weight">Weights, as padded.</param>
    /// <param name="bias">Biases, as padded; null for none.</param>
    /// <param name="y">Result, padded.</param>
    /// <param name="size">Elements that mean and variance are over.</param>
    /// <param name="padded">Elements with padding.</param>
    /// <param name="epsilon">Added to the variance.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LayerNorm(float* x, float* weight, float* bias, float* y, int size, int padded, float epsilon)
    {
        var sums = TSimd.Create(0);
        for (var i = 0; i < padded; i += TSimd.Lanes) sums = TSimd.Add(sums, TSimd.Load(x + i));
        var mean = (float)((double)TSimd.Sum(sums) / size);

        var middle = TSimd.Create(mean);
        var squares = TSimd.Create(0);
        var whole = 0;
        for (; whole + TSimd.Lanes <= size; whole += TSimd.Lanes)
        {
            var off = TSimd.Subtract(TSimd.Load(x + whole), middle);
            squares = TSimd.MultiplyAdd(off, off, squares);
        }

        var sum = (double)TSimd.Sum(squares);
        for (; whole < size; whole++) sum += (double)(x[whole] - mean) * (x[whole] - mean);
        var inverse = TSimd.Create((float)(1 / Math.Sqrt(sum / size + epsilon)));
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var normed = TSimd.Multiply(TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), middle), inverse), TSimd.Load(weight + i));
            TSimd.Store(bias is null ? normed : TSimd.Add(normed, TSimd.Load(bias + i)), y + i);
        }
    }

    /// <summary>x = f(x), times <paramref name="up"/> where there is one, over <paramref name="padded"/> elements. f(0) is 0 for every f, so that padding stays zero.</summary>
    /// <param name="activation">f.</param>
    /// <param name="x">Arguments; results take their place.</param>
    /// <param name="up">Factors; null for none.</param>
    /// <param name="padded">Elements with padding.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Activate(Activation activation, float* x, float* up, int padded)
    {
        switch (activation)
        {
            case Activation.Silu:
                Activate<Silu>(x, up, padded);
                break;
            case Activation.Gelu:
                Activate<Gelu>(x, up, padded);
                break;
            case Activation.GeluTanh:
                Activate<GeluTanh>(x, up, padded);
                break;
            default:
                Activate<Relu>(x, up, padded);
                break;
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

    /// <summary>logit = cap x tanh(logit / cap), over <paramref name="padded"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftCap(float* x, float cap, int padded)
    {
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(TSimd.Multiply(VectorMath.Tanh<TSimd, TVector>(TSimd.Multiply(TSimd.Load(x + i), TSimd.Create(1 / cap))), TSimd.Create(cap)), x + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate<TFunction>(float* x, float* up, int padded)
        where TFunction : struct, IFunction
    {
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var value = TFunction.Of(TSimd.Load(x + i));
            TSimd.Store(up is null ? value : TSimd.Multiply(value, TSimd.Load(up + i)), x + i);
        }
    }

    private interface IFunction
    {
        static abstract TVector Of(TVector x);
    }

    private readonly struct Silu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of(TVector x) =>
            TSimd.Divide(x, TSimd.Add(TSimd.Create(1), VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Create(0), x))));
    }

    // x (1 + erf(x / sqrt 2)) / 2, the error function being odd.
    private readonly struct Gelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of(TVector x)
        {
            var zero = TSimd.Create(0);
            var negative = TSimd.Subtract(zero, x);
            var erf = VectorMath.ErfOfPositive<TSimd, TVector>(TSimd.Multiply(TSimd.WhereLess(x, zero, negative, x), TSimd.Create(0.70710678118654752f)));
            var half = TSimd.Multiply(x, TSimd.Create(0.5f));
            return TSimd.MultiplyAdd(half, TSimd.WhereLess(x, zero, TSimd.Subtract(zero, erf), erf), half);
        }
    }

    // x (1 + tanh(u)) / 2 is x / (1 + e^-2u), u = sqrt(2 / pi) (x + 0.044715 x³).
    private readonly struct GeluTanh : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of(TVector x)
        {
            var square = TSimd.Multiply(x, x);
            var u = TSimd.Multiply(x, TSimd.MultiplyAdd(square, TSimd.Create(-2 * 0.79788456080286536f * 0.044715f), TSimd.Create(-2 * 0.79788456080286536f)));
            return TSimd.Divide(x, TSimd.Add(TSimd.Create(1), VectorMath.Exp<TSimd, TVector>(u)));
        }
    }

    private readonly struct Relu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of(TVector x) => TSimd.Max(TSimd.Create(0), x);
    }
}
