using System.Numerics;
using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>What a row of logits comes down to.</summary>
/// <param name="TopId">Index of the largest; the lowest on ties, 0 where nothing compares (NaN).</param>
/// <param name="Max">The largest logit.</param>
/// <param name="Second">The second largest; equal to the largest on ties.</param>
/// <param name="Sum">Sum of e^(logit - max).</param>
/// <param name="Weighted">Sum of e^(logit - max) (logit - max); 0 unless asked for.</param>
internal readonly record struct LogitSummary(int TopId, float Max, float Second, double Sum, double Weighted);

/// <summary>Reductions over a row of logits, padded to whole vectors with negative infinity.</summary>
internal static unsafe class LogitKernels<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // Sums are carried in double from block to block: over a large vocabulary, floats would lose the fifth digit.
    private const int Block = 512;

    // (logit - max) is held above this, where e^x is 0 already, so that a logit of negative infinity weighs nothing.
    private const float Floor = -200;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static LogitSummary Summarise(float* logits, int size, int padded, bool weighted)
    {
        var (max, second) = LargestTwo(logits, padded);
        var (sum, product) = (0d, 0d);
        for (var start = 0; start < padded; start += Block)
        {
            var end = Math.Min(padded, start + Block);
            if (weighted) AddWeighted(logits, start, end, max, ref sum, ref product);
            else sum += BlockSum(logits, start, end, max);
        }

        var top = IndexOf(logits, padded, max);
        return new LogitSummary(top < size ? top : 0, max, second, sum, product);
    }

    /// <summary>weights = e^((logit - max) / temperature).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TemperedWeights(float* logits, float* weights, int padded, float max, float temperature)
    {
        var (peak, divisor) = (TSimd.Create(max), TSimd.Create(temperature));
        for (var i = 0; i < padded; i += TSimd.Lanes)
            TSimd.Store(VectorMath.Exp<TSimd, TVector>(TSimd.Divide(TSimd.Subtract(TSimd.Load(logits + i), peak), divisor)), weights + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Max, float Second) LargestTwo(float* logits, int padded)
    {
        var lowest = TSimd.Create(float.NegativeInfinity);
        var (first, second) = (lowest, lowest);
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var value = TSimd.Load(logits + i);
            second = TSimd.Max(TSimd.Min(value, first), second);
            first = TSimd.Max(value, first);
        }

        var lanes = stackalloc float[2 * TSimd.Lanes];
        TSimd.Store(first, lanes);
        TSimd.Store(second, lanes + TSimd.Lanes);
        var (max, next) = (float.NegativeInfinity, float.NegativeInfinity);
        for (var i = 0; i < 2 * TSimd.Lanes; i++)
        {
            if (lanes[i] > max) (max, next) = (lanes[i], max);
            else if (lanes[i] > next) next = lanes[i];
        }

        return (max, next);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double BlockSum(float* logits, int start, int end, float max)
    {
        var (peak, sum) = (TSimd.Create(max), TSimd.Create(0));
        for (var i = start; i < end; i += TSimd.Lanes)
            sum = TSimd.Add(sum, VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(logits + i), peak)));
        return TSimd.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddWeighted(float* logits, int start, int end, float max, ref double sum, ref double product)
    {
        var (peak, floor) = (TSimd.Create(max), TSimd.Create(Floor));
        var (sums, products) = (TSimd.Create(0), TSimd.Create(0));
        for (var i = start; i < end; i += TSimd.Lanes)
        {
            var below = TSimd.Max(floor, TSimd.Subtract(TSimd.Load(logits + i), peak));
            var weight = VectorMath.Exp<TSimd, TVector>(below);
            sums = TSimd.Add(sums, weight);
            products = TSimd.MultiplyAdd(weight, below, products);
        }

        sum += TSimd.Sum(sums);
        product += TSimd.Sum(products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int IndexOf(float* logits, int padded, float value)
    {
        var wanted = TSimd.Create(value);
        for (var i = 0; i < padded; i += TSimd.Lanes)
        {
            var equal = TSimd.EqualLanes(TSimd.Load(logits + i), wanted);
            if (equal != 0) return i + BitOperations.TrailingZeroCount(equal);
        }

        return 0;
    }
}
