using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>One vector of rows of a product: where its weights, their scales and its results lie.</summary>
internal readonly unsafe struct Strip(float* weights, float* scales, float* y)
{
    public float* Weights { get; } = weights;

    public float* Scales { get; } = scales;

    public float* Y { get; } = y;

    /// <summary>The same rows of a later column of results.</summary>
    public Strip At(nint elements) => new(Weights, Scales, Y + elements);
}

/// <summary>
/// The inner loops of the matrix product: some vectors of rows by some columns, held in registers over a group of k. Long,
/// because every accumulator must be a local of its own to stay in a register. Each output is one chain of operations in
/// ascending k, whichever tile computes it: that is what makes results independent of the batch.
/// </summary>
internal static unsafe class MatMulTiles<TSimd, TVector, TFormat>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TFormat : struct, IWeightFormat<TVector>
{
    // How far ahead of the loop weights are asked for, in units of 4 bytes. Measured: a third more tokens at 8 columns,
    // where arithmetic keeps loads from running ahead by themselves; nothing at one column, where they do.
    private const int Ahead = 1024;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x8(in Strip first, in Strip second, float* x, nint ldx, nint ldy, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        var x4 = x + 4 * ldx;
        var x5 = x + 5 * ldx;
        var x6 = x + 6 * ldx;
        var x7 = x + 7 * ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var a1 = TSimd.Create(0);
            var b1 = TSimd.Create(0);
            var a2 = TSimd.Create(0);
            var b2 = TSimd.Create(0);
            var a3 = TSimd.Create(0);
            var b3 = TSimd.Create(0);
            var a4 = TSimd.Create(0);
            var b4 = TSimd.Create(0);
            var a5 = TSimd.Create(0);
            var b5 = TSimd.Create(0);
            var a6 = TSimd.Create(0);
            var b6 = TSimd.Create(0);
            var a7 = TSimd.Create(0);
            var b7 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                VectorMath.Prefetch(w0 + Ahead);
                w0 += TFormat.PairStride;
                var e1 = TFormat.Even(w1);
                var o1 = TFormat.Odd(w1);
                VectorMath.Prefetch(w1 + Ahead);
                w1 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                t = TSimd.Create(x1[k]);
                a1 = TFormat.MultiplyAdd(e0, t, a1);
                b1 = TFormat.MultiplyAdd(e1, t, b1);
                t = TSimd.Create(x2[k]);
                a2 = TFormat.MultiplyAdd(e0, t, a2);
                b2 = TFormat.MultiplyAdd(e1, t, b2);
                t = TSimd.Create(x3[k]);
                a3 = TFormat.MultiplyAdd(e0, t, a3);
                b3 = TFormat.MultiplyAdd(e1, t, b3);
                t = TSimd.Create(x4[k]);
                a4 = TFormat.MultiplyAdd(e0, t, a4);
                b4 = TFormat.MultiplyAdd(e1, t, b4);
                t = TSimd.Create(x5[k]);
                a5 = TFormat.MultiplyAdd(e0, t, a5);
                b5 = TFormat.MultiplyAdd(e1, t, b5);
                t = TSimd.Create(x6[k]);
                a6 = TFormat.MultiplyAdd(e0, t, a6);
                b6 = TFormat.MultiplyAdd(e1, t, b6);
                t = TSimd.Create(x7[k]);
                a7 = TFormat.MultiplyAdd(e0, t, a7);
                b7 = TFormat.MultiplyAdd(e1, t, b7);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
                t = TSimd.Create(x1[k + 1]);
                a1 = TFormat.MultiplyAdd(o0, t, a1);
                b1 = TFormat.MultiplyAdd(o1, t, b1);
                t = TSimd.Create(x2[k + 1]);
                a2 = TFormat.MultiplyAdd(o0, t, a2);
                b2 = TFormat.MultiplyAdd(o1, t, b2);
                t = TSimd.Create(x3[k + 1]);
                a3 = TFormat.MultiplyAdd(o0, t, a3);
                b3 = TFormat.MultiplyAdd(o1, t, b3);
                t = TSimd.Create(x4[k + 1]);
                a4 = TFormat.MultiplyAdd(o0, t, a4);
                b4 = TFormat.MultiplyAdd(o1, t, b4);
                t = TSimd.Create(x5[k + 1]);
                a5 = TFormat.MultiplyAdd(o0, t, a5);
                b5 = TFormat.MultiplyAdd(o1, t, b5);
                t = TSimd.Create(x6[k + 1]);
                a6 = TFormat.MultiplyAdd(o0, t, a6);
                b6 = TFormat.MultiplyAdd(o1, t, b6);
                t = TSimd.Create(x7[k + 1]);
                a7 = TFormat.MultiplyAdd(o0, t, a7);
                b7 = TFormat.MultiplyAdd(o1, t, b7);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var s1 = TFormat.Scale(second.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
            TFormat.Store(b0, s1, group, second.Y);
            TFormat.Store(a1, s0, group, first.Y + ldy);
            TFormat.Store(b1, s1, group, second.Y + ldy);
            TFormat.Store(a2, s0, group, first.Y + 2 * ldy);
            TFormat.Store(b2, s1, group, second.Y + 2 * ldy);
            TFormat.Store(a3, s0, group, first.Y + 3 * ldy);
            TFormat.Store(b3, s1, group, second.Y + 3 * ldy);
            TFormat.Store(a4, s0, group, first.Y + 4 * ldy);
            TFormat.Store(b4, s1, group, second.Y + 4 * ldy);
            TFormat.Store(a5, s0, group, first.Y + 5 * ldy);
            TFormat.Store(b5, s1, group, second.Y + 5 * ldy);
            TFormat.Store(a6, s0, group, first.Y + 6 * ldy);
            TFormat.Store(b6, s1, group, second.Y + 6 * ldy);
            TFormat.Store(a7, s0, group, first.Y + 7 * ldy);
            TFormat.Store(b7, s1, group, second.Y + 7 * ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x4(in Strip first, in Strip second, float* x, nint ldx, nint ldy, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var a1 = TSimd.Create(0);
            var b1 = TSimd.Create(0);
            var a2 = TSimd.Create(0);
            var b2 = TSimd.Create(0);
            var a3 = TSimd.Create(0);
            var b3 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                VectorMath.Prefetch(w0 + Ahead);
                w0 += TFormat.PairStride;
                var e1 = TFormat.Even(w1);
                var o1 = TFormat.Odd(w1);
                VectorMath.Prefetch(w1 + Ahead);
                w1 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                t = TSimd.Create(x1[k]);
                a1 = TFormat.MultiplyAdd(e0, t, a1);
                b1 = TFormat.MultiplyAdd(e1, t, b1);
                t = TSimd.Create(x2[k]);
                a2 = TFormat.MultiplyAdd(e0, t, a2);
                b2 = TFormat.MultiplyAdd(e1, t, b2);
                t = TSimd.Create(x3[k]);
                a3 = TFormat.MultiplyAdd(e0, t, a3);
                b3 = TFormat.MultiplyAdd(e1, t, b3);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
                t = TSimd.Create(x1[k + 1]);
                a1 = TFormat.MultiplyAdd(o0, t, a1);
                b1 = TFormat.MultiplyAdd(o1, t, b1);
                t = TSimd.Create(x2[k + 1]);
                a2 = TFormat.MultiplyAdd(o0, t, a2);
                b2 = TFormat.MultiplyAdd(o1, t, b2);
                t = TSimd.Create(x3[k + 1]);
                a3 = TFormat.MultiplyAdd(o0, t, a3);
                b3 = TFormat.MultiplyAdd(o1, t, b3);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var s1 = TFormat.Scale(second.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
            TFormat.Store(b0, s1, group, second.Y);
            TFormat.Store(a1, s0, group, first.Y + ldy);
            TFormat.Store(b1, s1, group, second.Y + ldy);
            TFormat.Store(a2, s0, group, first.Y + 2 * ldy);
            TFormat.Store(b2, s1, group, second.Y + 2 * ldy);
            TFormat.Store(a3, s0, group, first.Y + 3 * ldy);
            TFormat.Store(b3, s1, group, second.Y + 3 * ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x2(in Strip first, in Strip second, float* x, nint ldx, nint ldy, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var x1 = x + ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var a1 = TSimd.Create(0);
            var b1 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                VectorMath.Prefetch(w0 + Ahead);
                w0 += TFormat.PairStride;
                var e1 = TFormat.Even(w1);
                var o1 = TFormat.Odd(w1);
                VectorMath.Prefetch(w1 + Ahead);
                w1 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                t = TSimd.Create(x1[k]);
                a1 = TFormat.MultiplyAdd(e0, t, a1);
                b1 = TFormat.MultiplyAdd(e1, t, b1);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
                t = TSimd.Create(x1[k + 1]);
                a1 = TFormat.MultiplyAdd(o0, t, a1);
                b1 = TFormat.MultiplyAdd(o1, t, b1);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var s1 = TFormat.Scale(second.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
            TFormat.Store(b0, s1, group, second.Y);
            TFormat.Store(a1, s0, group, first.Y + ldy);
            TFormat.Store(b1, s1, group, second.Y + ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x1(in Strip first, in Strip second, float* x, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                VectorMath.Prefetch(w0 + Ahead);
                w0 += TFormat.PairStride;
                var e1 = TFormat.Even(w1);
                var o1 = TFormat.Odd(w1);
                VectorMath.Prefetch(w1 + Ahead);
                w1 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var s1 = TFormat.Scale(second.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
            TFormat.Store(b0, s1, group, second.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile4x1(in Strip first, in Strip second, in Strip third, in Strip fourth, float* x, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var w2 = third.Weights;
        var w3 = fourth.Weights;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var c0 = TSimd.Create(0);
            var d0 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                w0 += TFormat.PairStride;
                var e1 = TFormat.Even(w1);
                var o1 = TFormat.Odd(w1);
                w1 += TFormat.PairStride;
                var e2 = TFormat.Even(w2);
                var o2 = TFormat.Odd(w2);
                w2 += TFormat.PairStride;
                var e3 = TFormat.Even(w3);
                var o3 = TFormat.Odd(w3);
                w3 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                c0 = TFormat.MultiplyAdd(e2, t, c0);
                d0 = TFormat.MultiplyAdd(e3, t, d0);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
                c0 = TFormat.MultiplyAdd(o2, t, c0);
                d0 = TFormat.MultiplyAdd(o3, t, d0);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var s2 = TFormat.Scale(third.Scales, group);
            var s3 = TFormat.Scale(fourth.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
            TFormat.Store(b0, s1, group, second.Y);
            TFormat.Store(c0, s2, group, third.Y);
            TFormat.Store(d0, s3, group, fourth.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile1x1(in Strip first, float* x, int groups, int pairs)
    {
        var w0 = first.Weights;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TSimd.Create(0);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                var e0 = TFormat.Even(w0);
                var o0 = TFormat.Odd(w0);
                w0 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            TFormat.Store(a0, s0, group, first.Y);
        }
    }
}
