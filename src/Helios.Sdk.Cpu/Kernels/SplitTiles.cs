using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Formats;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// The inner loops of <see cref="SplitMatMul{TSimd, TVector}"/>: some vectors of rows by some columns, with a sum over upper and one over lower bytes of
/// each, held in registers over a group. Long, because every accumulator must be a local of its own to stay in a register. Each output is one
/// chain of operations in ascending order of groups, whichever tile computes it.
/// </summary>
internal static unsafe class SplitTiles<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>32 columns, four to an element.</summary>
    private const nint ElementsPerGroup = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile4x1(in Strip first, in Strip second, in Strip third, in Strip fourth, float* x, SplitRow row)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var w2 = third.Weights;
        var w3 = fourth.Weights;
        for (var group = 0; group < row.Groups; group++)
        {
            TVector a0 = default, la0 = default;
            TVector b0 = default, lb0 = default;
            TVector c0 = default, lc0 = default;
            TVector d0 = default, ld0 = default;
            var end = (group + 1) * ElementsPerGroup;
            for (var k = group * ElementsPerGroup; k < end; k += 2)
            {
                Int4Format<TSimd, TVector>.Pair(w0, out var e0, out var o0);
                w0 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w1, out var e1, out var o1);
                w1 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w2, out var e2, out var o2);
                w2 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w3, out var e3, out var o3);
                w3 += Int4Format<TSimd, TVector>.PairStride;
                var t = TSimd.Create(x[k]);
                var u = TSimd.Create(x[row.Lower + k]);
                a0 = TSimd.DotInt8(e0, t, a0);
                la0 = TSimd.DotInt8(e0, u, la0);
                b0 = TSimd.DotInt8(e1, t, b0);
                lb0 = TSimd.DotInt8(e1, u, lb0);
                c0 = TSimd.DotInt8(e2, t, c0);
                lc0 = TSimd.DotInt8(e2, u, lc0);
                d0 = TSimd.DotInt8(e3, t, d0);
                ld0 = TSimd.DotInt8(e3, u, ld0);
                t = TSimd.Create(x[k + 1]);
                u = TSimd.Create(x[row.Lower + k + 1]);
                a0 = TSimd.DotInt8(o0, t, a0);
                la0 = TSimd.DotInt8(o0, u, la0);
                b0 = TSimd.DotInt8(o1, t, b0);
                lb0 = TSimd.DotInt8(o1, u, lb0);
                c0 = TSimd.DotInt8(o2, t, c0);
                lc0 = TSimd.DotInt8(o2, u, lc0);
                d0 = TSimd.DotInt8(o3, t, d0);
                ld0 = TSimd.DotInt8(o3, u, ld0);
            }

            var s0 = TSimd.Load(first.Scales + group * PackedMatrix.BlockRows);
            var f0 = TSimd.Load(first.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s1 = TSimd.Load(second.Scales + group * PackedMatrix.BlockRows);
            var f1 = TSimd.Load(second.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s2 = TSimd.Load(third.Scales + group * PackedMatrix.BlockRows);
            var f2 = TSimd.Load(third.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s3 = TSimd.Load(fourth.Scales + group * PackedMatrix.BlockRows);
            var f3 = TSimd.Load(fourth.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            Store(a0, la0, s0, f0, x + row.Scales + group, row.Groups, group, first.Y);
            Store(b0, lb0, s1, f1, x + row.Scales + group, row.Groups, group, second.Y);
            Store(c0, lc0, s2, f2, x + row.Scales + group, row.Groups, group, third.Y);
            Store(d0, ld0, s3, f3, x + row.Scales + group, row.Groups, group, fourth.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x4(in Strip first, in Strip second, float* x, nint ldx, nint ldy, SplitRow row)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var x1 = x + ldx;
        var x2 = x + 2 * ldx;
        var x3 = x + 3 * ldx;
        for (var group = 0; group < row.Groups; group++)
        {
            TVector a0 = default, la0 = default;
            TVector b0 = default, lb0 = default;
            TVector a1 = default, la1 = default;
            TVector b1 = default, lb1 = default;
            TVector a2 = default, la2 = default;
            TVector b2 = default, lb2 = default;
            TVector a3 = default, la3 = default;
            TVector b3 = default, lb3 = default;
            var end = (group + 1) * ElementsPerGroup;
            for (var k = group * ElementsPerGroup; k < end; k += 2)
            {
                Int4Format<TSimd, TVector>.Pair(w0, out var e0, out var o0);
                w0 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w1, out var e1, out var o1);
                w1 += Int4Format<TSimd, TVector>.PairStride;
                var t = TSimd.Create(x[k]);
                var u = TSimd.Create(x[row.Lower + k]);
                a0 = TSimd.DotInt8(e0, t, a0);
                la0 = TSimd.DotInt8(e0, u, la0);
                b0 = TSimd.DotInt8(e1, t, b0);
                lb0 = TSimd.DotInt8(e1, u, lb0);
                t = TSimd.Create(x1[k]);
                u = TSimd.Create(x1[row.Lower + k]);
                a1 = TSimd.DotInt8(e0, t, a1);
                la1 = TSimd.DotInt8(e0, u, la1);
                b1 = TSimd.DotInt8(e1, t, b1);
                lb1 = TSimd.DotInt8(e1, u, lb1);
                t = TSimd.Create(x2[k]);
                u = TSimd.Create(x2[row.Lower + k]);
                a2 = TSimd.DotInt8(e0, t, a2);
                la2 = TSimd.DotInt8(e0, u, la2);
                b2 = TSimd.DotInt8(e1, t, b2);
                lb2 = TSimd.DotInt8(e1, u, lb2);
                t = TSimd.Create(x3[k]);
                u = TSimd.Create(x3[row.Lower + k]);
                a3 = TSimd.DotInt8(e0, t, a3);
                la3 = TSimd.DotInt8(e0, u, la3);
                b3 = TSimd.DotInt8(e1, t, b3);
                lb3 = TSimd.DotInt8(e1, u, lb3);
                t = TSimd.Create(x[k + 1]);
                u = TSimd.Create(x[row.Lower + k + 1]);
                a0 = TSimd.DotInt8(o0, t, a0);
                la0 = TSimd.DotInt8(o0, u, la0);
                b0 = TSimd.DotInt8(o1, t, b0);
                lb0 = TSimd.DotInt8(o1, u, lb0);
                t = TSimd.Create(x1[k + 1]);
                u = TSimd.Create(x1[row.Lower + k + 1]);
                a1 = TSimd.DotInt8(o0, t, a1);
                la1 = TSimd.DotInt8(o0, u, la1);
                b1 = TSimd.DotInt8(o1, t, b1);
                lb1 = TSimd.DotInt8(o1, u, lb1);
                t = TSimd.Create(x2[k + 1]);
                u = TSimd.Create(x2[row.Lower + k + 1]);
                a2 = TSimd.DotInt8(o0, t, a2);
                la2 = TSimd.DotInt8(o0, u, la2);
                b2 = TSimd.DotInt8(o1, t, b2);
                lb2 = TSimd.DotInt8(o1, u, lb2);
                t = TSimd.Create(x3[k + 1]);
                u = TSimd.Create(x3[row.Lower + k + 1]);
                a3 = TSimd.DotInt8(o0, t, a3);
                la3 = TSimd.DotInt8(o0, u, la3);
                b3 = TSimd.DotInt8(o1, t, b3);
                lb3 = TSimd.DotInt8(o1, u, lb3);
            }

            var s0 = TSimd.Load(first.Scales + group * PackedMatrix.BlockRows);
            var f0 = TSimd.Load(first.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s1 = TSimd.Load(second.Scales + group * PackedMatrix.BlockRows);
            var f1 = TSimd.Load(second.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            Store(a0, la0, s0, f0, x + row.Scales + group, row.Groups, group, first.Y);
            Store(b0, lb0, s1, f1, x + row.Scales + group, row.Groups, group, second.Y);
            Store(a1, la1, s0, f0, x1 + row.Scales + group, row.Groups, group, first.Y + ldy);
            Store(b1, lb1, s1, f1, x1 + row.Scales + group, row.Groups, group, second.Y + ldy);
            Store(a2, la2, s0, f0, x2 + row.Scales + group, row.Groups, group, first.Y + 2 * ldy);
            Store(b2, lb2, s1, f1, x2 + row.Scales + group, row.Groups, group, second.Y + 2 * ldy);
            Store(a3, la3, s0, f0, x3 + row.Scales + group, row.Groups, group, first.Y + 3 * ldy);
            Store(b3, lb3, s1, f1, x3 + row.Scales + group, row.Groups, group, second.Y + 3 * ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x2(in Strip first, in Strip second, float* x, nint ldx, nint ldy, SplitRow row)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        var x1 = x + ldx;
        for (var group = 0; group < row.Groups; group++)
        {
            TVector a0 = default, la0 = default;
            TVector b0 = default, lb0 = default;
            TVector a1 = default, la1 = default;
            TVector b1 = default, lb1 = default;
            var end = (group + 1) * ElementsPerGroup;
            for (var k = group * ElementsPerGroup; k < end; k += 2)
            {
                Int4Format<TSimd, TVector>.Pair(w0, out var e0, out var o0);
                w0 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w1, out var e1, out var o1);
                w1 += Int4Format<TSimd, TVector>.PairStride;
                var t = TSimd.Create(x[k]);
                var u = TSimd.Create(x[row.Lower + k]);
                a0 = TSimd.DotInt8(e0, t, a0);
                la0 = TSimd.DotInt8(e0, u, la0);
                b0 = TSimd.DotInt8(e1, t, b0);
                lb0 = TSimd.DotInt8(e1, u, lb0);
                t = TSimd.Create(x1[k]);
                u = TSimd.Create(x1[row.Lower + k]);
                a1 = TSimd.DotInt8(e0, t, a1);
                la1 = TSimd.DotInt8(e0, u, la1);
                b1 = TSimd.DotInt8(e1, t, b1);
                lb1 = TSimd.DotInt8(e1, u, lb1);
                t = TSimd.Create(x[k + 1]);
                u = TSimd.Create(x[row.Lower + k + 1]);
                a0 = TSimd.DotInt8(o0, t, a0);
                la0 = TSimd.DotInt8(o0, u, la0);
                b0 = TSimd.DotInt8(o1, t, b0);
                lb0 = TSimd.DotInt8(o1, u, lb0);
                t = TSimd.Create(x1[k + 1]);
                u = TSimd.Create(x1[row.Lower + k + 1]);
                a1 = TSimd.DotInt8(o0, t, a1);
                la1 = TSimd.DotInt8(o0, u, la1);
                b1 = TSimd.DotInt8(o1, t, b1);
                lb1 = TSimd.DotInt8(o1, u, lb1);
            }

            var s0 = TSimd.Load(first.Scales + group * PackedMatrix.BlockRows);
            var f0 = TSimd.Load(first.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s1 = TSimd.Load(second.Scales + group * PackedMatrix.BlockRows);
            var f1 = TSimd.Load(second.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            Store(a0, la0, s0, f0, x + row.Scales + group, row.Groups, group, first.Y);
            Store(b0, lb0, s1, f1, x + row.Scales + group, row.Groups, group, second.Y);
            Store(a1, la1, s0, f0, x1 + row.Scales + group, row.Groups, group, first.Y + ldy);
            Store(b1, lb1, s1, f1, x1 + row.Scales + group, row.Groups, group, second.Y + ldy);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile2x1(in Strip first, in Strip second, float* x, SplitRow row)
    {
        var w0 = first.Weights;
        var w1 = second.Weights;
        for (var group = 0; group < row.Groups; group++)
        {
            TVector a0 = default, la0 = default;
            TVector b0 = default, lb0 = default;
            var end = (group + 1) * ElementsPerGroup;
            for (var k = group * ElementsPerGroup; k < end; k += 2)
            {
                Int4Format<TSimd, TVector>.Pair(w0, out var e0, out var o0);
                w0 += Int4Format<TSimd, TVector>.PairStride;
                Int4Format<TSimd, TVector>.Pair(w1, out var e1, out var o1);
                w1 += Int4Format<TSimd, TVector>.PairStride;
                var t = TSimd.Create(x[k]);
                var u = TSimd.Create(x[row.Lower + k]);
                a0 = TSimd.DotInt8(e0, t, a0);
                la0 = TSimd.DotInt8(e0, u, la0);
                b0 = TSimd.DotInt8(e1, t, b0);
                lb0 = TSimd.DotInt8(e1, u, lb0);
                t = TSimd.Create(x[k + 1]);
                u = TSimd.Create(x[row.Lower + k + 1]);
                a0 = TSimd.DotInt8(o0, t, a0);
                la0 = TSimd.DotInt8(o0, u, la0);
                b0 = TSimd.DotInt8(o1, t, b0);
                lb0 = TSimd.DotInt8(o1, u, lb0);
            }

            var s0 = TSimd.Load(first.Scales + group * PackedMatrix.BlockRows);
            var f0 = TSimd.Load(first.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            var s1 = TSimd.Load(second.Scales + group * PackedMatrix.BlockRows);
            var f1 = TSimd.Load(second.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            Store(a0, la0, s0, f0, x + row.Scales + group, row.Groups, group, first.Y);
            Store(b0, lb0, s1, f1, x + row.Scales + group, row.Groups, group, second.Y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Tile1x1(in Strip first, float* x, SplitRow row)
    {
        var w0 = first.Weights;
        for (var group = 0; group < row.Groups; group++)
        {
            TVector a0 = default, la0 = default;
            var end = (group + 1) * ElementsPerGroup;
            for (var k = group * ElementsPerGroup; k < end; k += 2)
            {
                Int4Format<TSimd, TVector>.Pair(w0, out var e0, out var o0);
                w0 += Int4Format<TSimd, TVector>.PairStride;
                var t = TSimd.Create(x[k]);
                var u = TSimd.Create(x[row.Lower + k]);
                a0 = TSimd.DotInt8(e0, t, a0);
                la0 = TSimd.DotInt8(e0, u, la0);
                t = TSimd.Create(x[k + 1]);
                u = TSimd.Create(x[row.Lower + k + 1]);
                a0 = TSimd.DotInt8(o0, t, a0);
                la0 = TSimd.DotInt8(o0, u, la0);
            }

            var s0 = TSimd.Load(first.Scales + group * PackedMatrix.BlockRows);
            var f0 = TSimd.Load(first.Scales + (row.Groups + group) * PackedMatrix.BlockRows);
            Store(a0, la0, s0, f0, x + row.Scales + group, row.Groups, group, first.Y);
        }
    }

    // The sum of both is exact: it is below 15 x 32 x 32,640, which is less than 2^24.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TVector upper, TVector lower, TVector scale, TVector offset, float* activationScale, int groups, int group, float* y)
    {
        var sum = TSimd.MultiplyAdd(TSimd.EndDotInt8(upper), TSimd.Create(256), TSimd.EndDotInt8(lower));
        var both = TSimd.Multiply(scale, TSimd.Create(*activationScale));
        var before = TSimd.MultiplyAdd(offset, TSimd.Create(activationScale[groups]), group == 0 ? default : TSimd.Load(y));
        TSimd.Store(TSimd.MultiplyAdd(sum, both, before), y);
    }
}
