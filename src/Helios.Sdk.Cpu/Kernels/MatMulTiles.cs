using System.Runtime.CompilerServices;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// The inner loops of the matrix product: some vectors of rows by some columns, held in registers over all k. Long, because
/// every accumulator must be a local of its own to stay in a register. Each output is one chain of fused multiply-adds in
/// ascending k, whichever tile computes it: that is what makes results independent of the batch.
/// </summary>
internal static unsafe class MatMulTiles<TSimd, TVector, TReader>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TReader : struct, IWeightReader<TVector>
{
    // How far ahead of the loop weights are asked for, in units of 4 bytes. Measured: a third more tokens at 8 columns,
    // where arithmetic keeps loads from running ahead by themselves; nothing at one column, where they do.
    private const int Ahead = 1024;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x8(float* w0, float* w1, float* x, nint ldx, float* y0, float* y1, nint ldy, int pairs)
    {
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        var x4 = x + 4 * ldx;
        var x5 = x + 5 * ldx;
        var x6 = x + 6 * ldx;
        var x7 = x + 7 * ldx;
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
        for (nint k = 0; k < 2 * (nint)pairs; k += 2)
        {
            var e0 = TReader.Even(w0);
            var o0 = TReader.Odd(w0);
            VectorMath.Prefetch(w0 + Ahead);
            w0 += TReader.PairStride;
            var e1 = TReader.Even(w1);
            var o1 = TReader.Odd(w1);
            VectorMath.Prefetch(w1 + Ahead);
            w1 += TReader.PairStride;
            var t = TSimd.Create(x[k]);
            a0 = TSimd.MultiplyAdd(e0, t, a0);
            b0 = TSimd.MultiplyAdd(e1, t, b0);
            t = TSimd.Create(x1[k]);
            a1 = TSimd.MultiplyAdd(e0, t, a1);
            b1 = TSimd.MultiplyAdd(e1, t, b1);
            t = TSimd.Create(x2[k]);
            a2 = TSimd.MultiplyAdd(e0, t, a2);
            b2 = TSimd.MultiplyAdd(e1, t, b2);
            t = TSimd.Create(x3[k]);
            a3 = TSimd.MultiplyAdd(e0, t, a3);
            b3 = TSimd.MultiplyAdd(e1, t, b3);
            t = TSimd.Create(x4[k]);
            a4 = TSimd.MultiplyAdd(e0, t, a4);
            b4 = TSimd.MultiplyAdd(e1, t, b4);
            t = TSimd.Create(x5[k]);
            a5 = TSimd.MultiplyAdd(e0, t, a5);
            b5 = TSimd.MultiplyAdd(e1, t, b5);
            t = TSimd.Create(x6[k]);
            a6 = TSimd.MultiplyAdd(e0, t, a6);
            b6 = TSimd.MultiplyAdd(e1, t, b6);
            t = TSimd.Create(x7[k]);
            a7 = TSimd.MultiplyAdd(e0, t, a7);
            b7 = TSimd.MultiplyAdd(e1, t, b7);
            t = TSimd.Create(x[k + 1]);
            a0 = TSimd.MultiplyAdd(o0, t, a0);
            b0 = TSimd.MultiplyAdd(o1, t, b0);
            t = TSimd.Create(x1[k + 1]);
            a1 = TSimd.MultiplyAdd(o0, t, a1);
            b1 = TSimd.MultiplyAdd(o1, t, b1);
            t = TSimd.Create(x2[k + 1]);
            a2 = TSimd.MultiplyAdd(o0, t, a2);
            b2 = TSimd.MultiplyAdd(o1, t, b2);
            t = TSimd.Create(x3[k + 1]);
            a3 = TSimd.MultiplyAdd(o0, t, a3);
            b3 = TSimd.MultiplyAdd(o1, t, b3);
            t = TSimd.Create(x4[k + 1]);
            a4 = TSimd.MultiplyAdd(o0, t, a4);
            b4 = TSimd.MultiplyAdd(o1, t, b4);
            t = TSimd.Create(x5[k + 1]);
            a5 = TSimd.MultiplyAdd(o0, t, a5);
            b5 = TSimd.MultiplyAdd(o1, t, b5);
            t = TSimd.Create(x6[k + 1]);
            a6 = TSimd.MultiplyAdd(o0, t, a6);
            b6 = TSimd.MultiplyAdd(o1, t, b6);
            t = TSimd.Create(x7[k + 1]);
            a7 = TSimd.MultiplyAdd(o0, t, a7);
            b7 = TSimd.MultiplyAdd(o1, t, b7);
        }

        TSimd.Store(a0, y0);
        TSimd.Store(b0, y1);
        TSimd.Store(a1, y0 + ldy);
        TSimd.Store(b1, y1 + ldy);
        TSimd.Store(a2, y0 + 2 * ldy);
        TSimd.Store(b2, y1 + 2 * ldy);
        TSimd.Store(a3, y0 + 3 * ldy);
        TSimd.Store(b3, y1 + 3 * ldy);
        TSimd.Store(a4, y0 + 4 * ldy);
        TSimd.Store(b4, y1 + 4 * ldy);
        TSimd.Store(a5, y0 + 5 * ldy);
        TSimd.Store(b5, y1 + 5 * ldy);
        TSimd.Store(a6, y0 + 6 * ldy);
        TSimd.Store(b6, y1 + 6 * ldy);
        TSimd.Store(a7, y0 + 7 * ldy);
        TSimd.Store(b7, y1 + 7 * ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x4(float* w0, float* w1, float* x, nint ldx, float* y0, float* y1, nint ldy, int pairs)
    {
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        var a0 = TSimd.Create(0);
        var b0 = TSimd.Create(0);
        var a1 = TSimd.Create(0);
        var b1 = TSimd.Create(0);
        var a2 = TSimd.Create(0);
        var b2 = TSimd.Create(0);
        var a3 = TSimd.Create(0);
        var b3 = TSimd.Create(0);
        for (nint k = 0; k < 2 * (nint)pairs; k += 2)
        {
            var e0 = TReader.Even(w0);
            var o0 = TReader.Odd(w0);
            VectorMath.Prefetch(w0 + Ahead);
            w0 += TReader.PairStride;
            var e1 = TReader.Even(w1);
            var o1 = TReader.Odd(w1);
            VectorMath.Prefetch(w1 + Ahead);
            w1 += TReader.PairStride;
            var t = TSimd.Create(x[k]);
            a0 = TSimd.MultiplyAdd(e0, t, a0);
            b0 = TSimd.MultiplyAdd(e1, t, b0);
            t = TSimd.Create(x1[k]);
            a1 = TSimd.MultiplyAdd(e0, t, a1);
            b1 = TSimd.MultiplyAdd(e1, t, b1);
            t = TSimd.Create(x2[k]);
            a2 = TSimd.MultiplyAdd(e0, t, a2);
            b2 = TSimd.MultiplyAdd(e1, t, b2);
            t = TSimd.Create(x3[k]);
            a3 = TSimd.MultiplyAdd(e0, t, a3);
            b3 = TSimd.MultiplyAdd(e1, t, b3);
            t = TSimd.Create(x[k + 1]);
            a0 = TSimd.MultiplyAdd(o0, t, a0);
            b0 = TSimd.MultiplyAdd(o1, t, b0);
            t = TSimd.Create(x1[k + 1]);
            a1 = TSimd.MultiplyAdd(o0, t, a1);
            b1 = TSimd.MultiplyAdd(o1, t, b1);
            t = TSimd.Create(x2[k + 1]);
            a2 = TSimd.MultiplyAdd(o0, t, a2);
            b2 = TSimd.MultiplyAdd(o1, t, b2);
            t = TSimd.Create(x3[k + 1]);
            a3 = TSimd.MultiplyAdd(o0, t, a3);
            b3 = TSimd.MultiplyAdd(o1, t, b3);
        }

        TSimd.Store(a0, y0);
        TSimd.Store(b0, y1);
        TSimd.Store(a1, y0 + ldy);
        TSimd.Store(b1, y1 + ldy);
        TSimd.Store(a2, y0 + 2 * ldy);
        TSimd.Store(b2, y1 + 2 * ldy);
        TSimd.Store(a3, y0 + 3 * ldy);
        TSimd.Store(b3, y1 + 3 * ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x2(float* w0, float* w1, float* x, nint ldx, float* y0, float* y1, nint ldy, int pairs)
    {
        var x1 = x + ldx;
        var a0 = TSimd.Create(0);
        var b0 = TSimd.Create(0);
        var a1 = TSimd.Create(0);
        var b1 = TSimd.Create(0);
        for (nint k = 0; k < 2 * (nint)pairs; k += 2)
        {
            var e0 = TReader.Even(w0);
            var o0 = TReader.Odd(w0);
            VectorMath.Prefetch(w0 + Ahead);
            w0 += TReader.PairStride;
            var e1 = TReader.Even(w1);
            var o1 = TReader.Odd(w1);
            VectorMath.Prefetch(w1 + Ahead);
            w1 += TReader.PairStride;
            var t = TSimd.Create(x[k]);
            a0 = TSimd.MultiplyAdd(e0, t, a0);
            b0 = TSimd.MultiplyAdd(e1, t, b0);
            t = TSimd.Create(x1[k]);
            a1 = TSimd.MultiplyAdd(e0, t, a1);
            b1 = TSimd.MultiplyAdd(e1, t, b1);
            t = TSimd.Create(x[k + 1]);
            a0 = TSimd.MultiplyAdd(o0, t, a0);
            b0 = TSimd.MultiplyAdd(o1, t, b0);
            t = TSimd.Create(x1[k + 1]);
            a1 = TSimd.MultiplyAdd(o0, t, a1);
            b1 = TSimd.MultiplyAdd(o1, t, b1);
        }

        TSimd.Store(a0, y0);
        TSimd.Store(b0, y1);
        TSimd.Store(a1, y0 + ldy);
        TSimd.Store(b1, y1 + ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x1(float* w0, float* w1, float* x, float* y0, float* y1, int pairs)
    {
        var a0 = TSimd.Create(0);
        var b0 = TSimd.Create(0);
        for (nint k = 0; k < 2 * (nint)pairs; k += 2)
        {
            var e0 = TReader.Even(w0);
            var o0 = TReader.Odd(w0);
            VectorMath.Prefetch(w0 + Ahead);
            w0 += TReader.PairStride;
            var e1 = TReader.Even(w1);
            var o1 = TReader.Odd(w1);
            VectorMath.Prefetch(w1 + Ahead);
            w1 += TReader.PairStride;
            var t = TSimd.Create(x[k]);
            a0 = TSimd.MultiplyAdd(e0, t, a0);
            b0 = TSimd.MultiplyAdd(e1, t, b0);
            t = TSimd.Create(x[k + 1]);
            a0 = TSimd.MultiplyAdd(o0, t, a0);
            b0 = TSimd.MultiplyAdd(o1, t, b0);
        }

        TSimd.Store(a0, y0);
        TSimd.Store(b0, y1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile4x1(float* w0, float* w1, float* w2, float* w3, float* x, float* y0, float* y1, float* y2, float* y3, int pairs)
    {
        var a0 = TSimd.Create(0);
        var b0 = TSimd.Create(0);
        var c0 = TSimd.Create(0);
        var d0 = TSimd.Create(0);
        for (nint k = 0; k < 2 * (nint)pairs; k += 2)
        {
            var e0 = TReader.Even(w0);
            var o0 = TReader.Odd(w0);
            w0 += TReader.PairStride;
            var e1 = TReader.Even(w1);
            var o1 = TReader.Odd(w1);
            w1 += TReader.PairStride;
            var e2 = TReader.Even(w2);
            var o2 = TReader.Odd(w2);
            w2 += TReader.PairStride;
            var e3 = TReader.Even(w3);
            var o3 = TReader.Odd(w3);
            w3 += TReader.PairStride;
            var t = TSimd.Create(x[k]);
            a0 = TSimd.MultiplyAdd(e0, t, a0);
            b0 = TSimd.MultiplyAdd(e1, t, b0);
            c0 = TSimd.MultiplyAdd(e2, t, c0);
            d0 = TSimd.MultiplyAdd(e3, t, d0);
            t = TSimd.Create(x[k + 1]);
            a0 = TSimd.MultiplyAdd(o0, t, a0);
            b0 = TSimd.MultiplyAdd(o1, t, b0);
            c0 = TSimd.MultiplyAdd(o2, t, c0);
            d0 = TSimd.MultiplyAdd(o3, t, d0);
        }

        TSimd.Store(a0, y0);
        TSimd.Store(b0, y1);
        TSimd.Store(c0, y2);
        TSimd.Store(d0, y3);
    }
}
