using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// The inner loop of attention, for scores and for weighted sums alike: <c>y[row][column] += sum over j of x[row][j]
/// m[j][column]</c>, for one to four rows that share the loads of m and four vectors of columns. Each result is one chain
/// of fused multiply-adds in ascending j, whichever rows are beside it.
/// </summary>
internal static unsafe class PanelProduct<TSimd, TVector, TFormat>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TFormat : struct, IKvFormat<TVector>
{
    /// <summary>Rows that fit the registers, of which there are 32 with 512-bit vectors and on Arm64, else perhaps only 16.</summary>
    public static int MostRows => TSimd.Lanes == 16 || AdvSimd.Arm64.IsSupported ? 4 : 2;

    /// <summary>Adds the product to y.</summary>
    /// <param name="x">Where each row lies; <paramref name="rows"/> of them.</param>
    /// <param name="rows">Number of rows, 1 to 4.</param>
    /// <param name="panels">Where the four vectors of columns lie in each stretch of m: <c>[stretches][4]</c>.</param>
    /// <param name="ahead">For each stretch, the bytes from its panels to those that will be read next, which are asked for meanwhile.</param>
    /// <param name="stretch">Elements j after which m goes on elsewhere; even.</param>
    /// <param name="length">Elements j. Those beyond are not read: their memory may hold anything.</param>
    /// <param name="y"><c>[rows][ldy]</c>.</param>
    /// <param name="ldy">Elements from one row of y to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float** x, int rows, float** panels, nint* ahead, int stretch, int length, float* y, nint ldy)
    {
        switch (rows)
        {
            case 1:
                Add1(x[0], panels, ahead, stretch, length, y);
                break;
            case 2:
                Add2(x[0], x[1], panels, ahead, stretch, length, y, ldy);
                break;
            case 3:
                Add3(x[0], x[1], x[2], panels, ahead, stretch, length, y, ldy);
                break;
            default:
                Add4(x[0], x[1], x[2], x[3], panels, ahead, stretch, length, y, ldy);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add1(float* x0, float** panels, nint* ahead, int stretch, int length, float* y)
    {
        var a = new Quad(y);
        for (nint start = 0; start < length; start += stretch)
        {
            var m = new Cursor(panels, *ahead++);
            panels += 4;
            var end = Math.Min(start + stretch, length);
            var j = start;
            for (; j + 1 < end; j += 2)
            {
                a = a.Add(m.Even, x0[j]).Add(m.Odd, x0[j + 1]);
                m = m.Advance();
            }

            if (j < end) a = a.Add(m.Even, x0[j]);
        }

        a.Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add2(float* x0, float* x1, float** panels, nint* ahead, int stretch, int length, float* y, nint ldy)
    {
        var a = new Quad(y);
        var b = new Quad(y + ldy);
        for (nint start = 0; start < length; start += stretch)
        {
            var m = new Cursor(panels, *ahead++);
            panels += 4;
            var end = Math.Min(start + stretch, length);
            var j = start;
            for (; j + 1 < end; j += 2)
            {
                var even = m.Even;
                a = a.Add(even, x0[j]);
                b = b.Add(even, x1[j]);
                var odd = m.Odd;
                a = a.Add(odd, x0[j + 1]);
                b = b.Add(odd, x1[j + 1]);
                m = m.Advance();
            }

            if (j >= end) continue;
            var last = m.Even;
            a = a.Add(last, x0[j]);
            b = b.Add(last, x1[j]);
        }

        a.Store(y);
        b.Store(y + ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add3(float* x0, float* x1, float* x2, float** panels, nint* ahead, int stretch, int length, float* y, nint ldy)
    {
        var a = new Quad(y);
        var b = new Quad(y + ldy);
        var c = new Quad(y + 2 * ldy);
        for (nint start = 0; start < length; start += stretch)
        {
            var m = new Cursor(panels, *ahead++);
            panels += 4;
            var end = Math.Min(start + stretch, length);
            var j = start;
            for (; j + 1 < end; j += 2)
            {
                var even = m.Even;
                a = a.Add(even, x0[j]);
                b = b.Add(even, x1[j]);
                c = c.Add(even, x2[j]);
                var odd = m.Odd;
                a = a.Add(odd, x0[j + 1]);
                b = b.Add(odd, x1[j + 1]);
                c = c.Add(odd, x2[j + 1]);
                m = m.Advance();
            }

            if (j >= end) continue;
            var last = m.Even;
            a = a.Add(last, x0[j]);
            b = b.Add(last, x1[j]);
            c = c.Add(last, x2[j]);
        }

        a.Store(y);
        b.Store(y + ldy);
        c.Store(y + 2 * ldy);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add4(float* x0, float* x1, float* x2, float* x3, float** panels, nint* ahead, int stretch, int length, float* y, nint ldy)
    {
        var a = new Quad(y);
        var b = new Quad(y + ldy);
        var c = new Quad(y + 2 * ldy);
        var d = new Quad(y + 3 * ldy);
        for (nint start = 0; start < length; start += stretch)
        {
            var m = new Cursor(panels, *ahead++);
            panels += 4;
            var end = Math.Min(start + stretch, length);
            var j = start;
            for (; j + 1 < end; j += 2)
            {
                var even = m.Even;
                a = a.Add(even, x0[j]);
                b = b.Add(even, x1[j]);
                c = c.Add(even, x2[j]);
                d = d.Add(even, x3[j]);
                var odd = m.Odd;
                a = a.Add(odd, x0[j + 1]);
                b = b.Add(odd, x1[j + 1]);
                c = c.Add(odd, x2[j + 1]);
                d = d.Add(odd, x3[j + 1]);
                m = m.Advance();
            }

            if (j >= end) continue;
            var last = m.Even;
            a = a.Add(last, x0[j]);
            b = b.Add(last, x1[j]);
            c = c.Add(last, x2[j]);
            d = d.Add(last, x3[j]);
        }

        a.Store(y);
        b.Store(y + ldy);
        c.Store(y + 2 * ldy);
        d.Store(y + 3 * ldy);
    }

    /// <summary>Where the next pair of elements lies in each of four vectors of columns.</summary>
    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly struct Cursor(float* p0, float* p1, float* p2, float* p3, nint ahead)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Cursor(float** panels, nint ahead)
            : this(panels[0], panels[1], panels[2], panels[3], ahead)
        {
        }

        public Quad Even
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => new(TFormat.Even(p0), TFormat.Even(p1), TFormat.Even(p2), TFormat.Even(p3));
        }

        public Quad Odd
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => new(TFormat.Odd(p0), TFormat.Odd(p1), TFormat.Odd(p2), TFormat.Odd(p3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Cursor Advance()
        {
            // The widest vectors, for which memory is the limit, read one cache line of each panel, or two.
            if (TSimd.Lanes == 16)
            {
                Prefetch(0);
                if (TFormat.PairStride > 16) Prefetch(16);
            }

            return new(p0 + TFormat.PairStride, p1 + TFormat.PairStride, p2 + TFormat.PairStride, p3 + TFormat.PairStride, ahead);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Prefetch(int line)
        {
            VectorMath.Prefetch((float*)((byte*)(p0 + line) + ahead));
            VectorMath.Prefetch((float*)((byte*)(p1 + line) + ahead));
            VectorMath.Prefetch((float*)((byte*)(p2 + line) + ahead));
            VectorMath.Prefetch((float*)((byte*)(p3 + line) + ahead));
        }
    }

    /// <summary>Four vectors of one row, held in registers.</summary>
    private readonly struct Quad
    {
        private readonly TVector v0;
        private readonly TVector v1;
        private readonly TVector v2;
        private readonly TVector v3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad(float* source)
            : this(TSimd.Load(source), TSimd.Load(source + TSimd.Lanes), TSimd.Load(source + 2 * TSimd.Lanes), TSimd.Load(source + 3 * TSimd.Lanes))
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad(TVector v0, TVector v1, TVector v2, TVector v3)
        {
            this.v0 = v0;
            this.v1 = v1;
            this.v2 = v2;
            this.v3 = v3;
        }

        /// <summary>This + m x factor.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad Add(Quad m, float factor)
        {
            var x = TSimd.Create(factor);
            return new(TSimd.MultiplyAdd(m.v0, x, v0), TSimd.MultiplyAdd(m.v1, x, v1), TSimd.MultiplyAdd(m.v2, x, v2), TSimd.MultiplyAdd(m.v3, x, v3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* destination)
        {
            TSimd.Store(v0, destination);
            TSimd.Store(v1, destination + TSimd.Lanes);
            TSimd.Store(v2, destination + 2 * TSimd.Lanes);
            TSimd.Store(v3, destination + 3 * TSimd.Lanes);
        }
    }
}
