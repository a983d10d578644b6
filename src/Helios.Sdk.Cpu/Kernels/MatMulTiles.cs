using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>One vector of rows of a product: where its weights, their scales and its results lie, and what to prefetch beside it.</summary>
internal readonly unsafe struct Strip(float* weights, float* scales, float* y, float* ahead = null)
{
    public float* Weights { get; } = weights;

    public float* Scales { get; } = scales;

    public float* Y { get; } = y;

    public float* Ahead { get; } = ahead;

    /// <summary>The same rows of a later column of results.</summary>
    public Strip At(nint elements, float* ahead) => new(Weights, Scales, Y + elements, ahead);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x8(in Strip first, in Strip second, float* x, nint ldx, nint ldy, nint aheadStride, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var p0 = first.Ahead;
        var p1 = second.Ahead;
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        var x4 = x + 4 * ldx;
        var x5 = x + 5 * ldx;
        var x6 = x + 6 * ldx;
        var x7 = x + 7 * ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var b0 = a0;
            var a1 = TFormat.Begin(x1 + behind + groups + group);
            var b1 = a1;
            var a2 = TFormat.Begin(x2 + behind + groups + group);
            var b2 = a2;
            var a3 = TFormat.Begin(x3 + behind + groups + group);
            var b3 = a3;
            var a4 = TFormat.Begin(x4 + behind + groups + group);
            var b4 = a4;
            var a5 = TFormat.Begin(x5 + behind + groups + group);
            var b5 = a5;
            var a6 = TFormat.Begin(x6 + behind + groups + group);
            var b6 = a6;
            var a7 = TFormat.Begin(x7 + behind + groups + group);
            var b7 = a7;
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                VectorMath.Prefetch(p0);
                p0 += aheadStride;
                w0 += TFormat.PairStride;
                TFormat.Pair(w1, out var e1, out var o1);
                VectorMath.Prefetch(p1);
                p1 += aheadStride;
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
            var f0 = TFormat.Offset(first.Scales, groups, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var f1 = TFormat.Offset(second.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
            TFormat.Store(b0, s1, f1, x + behind + group, groups, group, second.Y);
            TFormat.Store(a1, s0, f0, x1 + behind + group, groups, group, first.Y + ldy);
            TFormat.Store(b1, s1, f1, x1 + behind + group, groups, group, second.Y + ldy);
            TFormat.Store(a2, s0, f0, x2 + behind + group, groups, group, first.Y + 2 * ldy);
            TFormat.Store(b2, s1, f1, x2 + behind + group, groups, group, second.Y + 2 * ldy);
            TFormat.Store(a3, s0, f0, x3 + behind + group, groups, group, first.Y + 3 * ldy);
            TFormat.Store(b3, s1, f1, x3 + behind + group, groups, group, second.Y + 3 * ldy);
            TFormat.Store(a4, s0, f0, x4 + behind + group, groups, group, first.Y + 4 * ldy);
            TFormat.Store(b4, s1, f1, x4 + behind + group, groups, group, second.Y + 4 * ldy);
            TFormat.Store(a5, s0, f0, x5 + behind + group, groups, group, first.Y + 5 * ldy);
            TFormat.Store(b5, s1, f1, x5 + behind + group, groups, group, second.Y + 5 * ldy);
            TFormat.Store(a6, s0, f0, x6 + behind + group, groups, group, first.Y + 6 * ldy);
            TFormat.Store(b6, s1, f1, x6 + behind + group, groups, group, second.Y + 6 * ldy);
            TFormat.Store(a7, s0, f0, x7 + behind + group, groups, group, first.Y + 7 * ldy);
            TFormat.Store(b7, s1, f1, x7 + behind + group, groups, group, second.Y + 7 * ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x4(in Strip first, in Strip second, float* x, nint ldx, nint ldy, nint aheadStride, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var p0 = first.Ahead;
        var p1 = second.Ahead;
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var b0 = a0;
            var a1 = TFormat.Begin(x1 + behind + groups + group);
            var b1 = a1;
            var a2 = TFormat.Begin(x2 + behind + groups + group);
            var b2 = a2;
            var a3 = TFormat.Begin(x3 + behind + groups + group);
            var b3 = a3;
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                VectorMath.Prefetch(p0);
                p0 += aheadStride;
                w0 += TFormat.PairStride;
                TFormat.Pair(w1, out var e1, out var o1);
                VectorMath.Prefetch(p1);
                p1 += aheadStride;
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
            var f0 = TFormat.Offset(first.Scales, groups, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var f1 = TFormat.Offset(second.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
            TFormat.Store(b0, s1, f1, x + behind + group, groups, group, second.Y);
            TFormat.Store(a1, s0, f0, x1 + behind + group, groups, group, first.Y + ldy);
            TFormat.Store(b1, s1, f1, x1 + behind + group, groups, group, second.Y + ldy);
            TFormat.Store(a2, s0, f0, x2 + behind + group, groups, group, first.Y + 2 * ldy);
            TFormat.Store(b2, s1, f1, x2 + behind + group, groups, group, second.Y + 2 * ldy);
            TFormat.Store(a3, s0, f0, x3 + behind + group, groups, group, first.Y + 3 * ldy);
            TFormat.Store(b3, s1, f1, x3 + behind + group, groups, group, second.Y + 3 * ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x2(in Strip first, in Strip second, float* x, nint ldx, nint ldy, nint aheadStride, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var p0 = first.Ahead;
        var p1 = second.Ahead;
        var x1 = x + ldx;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var b0 = a0;
            var a1 = TFormat.Begin(x1 + behind + groups + group);
            var b1 = a1;
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                VectorMath.Prefetch(p0);
                p0 += aheadStride;
                w0 += TFormat.PairStride;
                TFormat.Pair(w1, out var e1, out var o1);
                VectorMath.Prefetch(p1);
                p1 += aheadStride;
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
            var f0 = TFormat.Offset(first.Scales, groups, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var f1 = TFormat.Offset(second.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
            TFormat.Store(b0, s1, f1, x + behind + group, groups, group, second.Y);
            TFormat.Store(a1, s0, f0, x1 + behind + group, groups, group, first.Y + ldy);
            TFormat.Store(b1, s1, f1, x1 + behind + group, groups, group, second.Y + ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x1(in Strip first, in Strip second, float* x, nint aheadStride, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var p0 = first.Ahead;
        var p1 = second.Ahead;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var b0 = a0;
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                VectorMath.Prefetch(p0);
                p0 += aheadStride;
                w0 += TFormat.PairStride;
                TFormat.Pair(w1, out var e1, out var o1);
                VectorMath.Prefetch(p1);
                p1 += aheadStride;
                w1 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                b0 = TFormat.MultiplyAdd(e1, t, b0);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
                b0 = TFormat.MultiplyAdd(o1, t, b0);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var f0 = TFormat.Offset(first.Scales, groups, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var f1 = TFormat.Offset(second.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
            TFormat.Store(b0, s1, f1, x + behind + group, groups, group, second.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile4x1(in Strip first, in Strip second, in Strip third, in Strip fourth, float* x, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var w2 = third.Weights;
        var w3 = fourth.Weights;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var b0 = a0;
            var c0 = a0;
            var d0 = a0;
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                w0 += TFormat.PairStride;
                TFormat.Pair(w1, out var e1, out var o1);
                w1 += TFormat.PairStride;
                TFormat.Pair(w2, out var e2, out var o2);
                w2 += TFormat.PairStride;
                TFormat.Pair(w3, out var e3, out var o3);
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
            var f0 = TFormat.Offset(first.Scales, groups, group);
            var s1 = TFormat.Scale(second.Scales, group);
            var f1 = TFormat.Offset(second.Scales, groups, group);
            var s2 = TFormat.Scale(third.Scales, group);
            var f2 = TFormat.Offset(third.Scales, groups, group);
            var s3 = TFormat.Scale(fourth.Scales, group);
            var f3 = TFormat.Offset(fourth.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
            TFormat.Store(b0, s1, f1, x + behind + group, groups, group, second.Y);
            TFormat.Store(c0, s2, f2, x + behind + group, groups, group, third.Y);
            TFormat.Store(d0, s3, f3, x + behind + group, groups, group, fourth.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile1x1(in Strip first, float* x, nint behind, int groups, int pairs)
    {
        var w0 = first.Weights;
        for (var group = 0; group < groups; group++)
        {
            var a0 = TFormat.Begin(x + behind + groups + group);
            var end = (group + 1) * 2 * (nint)pairs;
            for (var k = group * 2 * (nint)pairs; k < end; k += 2)
            {
                TFormat.Pair(w0, out var e0, out var o0);
                w0 += TFormat.PairStride;
                var t = TSimd.Create(x[k]);
                a0 = TFormat.MultiplyAdd(e0, t, a0);
                t = TSimd.Create(x[k + 1]);
                a0 = TFormat.MultiplyAdd(o0, t, a0);
            }

            var s0 = TFormat.Scale(first.Scales, group);
            var f0 = TFormat.Offset(first.Scales, groups, group);
            TFormat.Store(a0, s0, f0, x + behind + group, groups, group, first.Y);
        }
    }
}
