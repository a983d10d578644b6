using System.Diagnostics;
using System.Runtime.Intrinsics;
using Helios.Cli.Benching;

namespace Helios.Benchmarks.Roofline;

/// <summary>What the machine gives at best, of some tries: bytes read and FP32 products and sums, on so many threads.</summary>
internal static class Peaks
{
    private const int Repeats = 7;
    private const int Rounds = 4_000_000;

    // Twelve chains of dependent operations keep two units of four or five cycles busy.
    private const int Chains = 12;

    public static Peak Measure(int threads)
    {
        using var probe = new StreamProbe(threads, TimeProvider.System);
        var (bandwidth, compute) = (new Samples(), new Samples());
        for (var i = 0; i < Repeats; i++)
        {
            bandwidth.Add(probe.Measure());
            compute.Add(Gigaflops(threads));
        }

        return new Peak(threads, bandwidth.Values.Max(), compute.Values.Max());
    }

    private static double Gigaflops(int threads)
    {
        using var start = new Barrier(threads + 1);
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            Consume(MultiplyAdd());
        })).ToList();
        foreach (var worker in workers) worker.Start();
        start.SignalAndWait();
        var started = Stopwatch.GetTimestamp();
        foreach (var worker in workers) worker.Join();
        var operations = 2.0 * Chains * Vector512<float>.Count * Rounds * threads;
        return operations / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e9;
    }

    private static float MultiplyAdd()
    {
        var (x, y) = (Vector512.Create(0.999f), Vector512.Create(0.001f));
        var (a, b, c, d, e, f) = (x, x, x, x, x, x);
        var (g, h, i, j, k, l) = (y, y, y, y, y, y);
        for (var round = 0; round < Rounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    // A result that somebody looks at cannot be left out.
    private static void Consume(float value)
    {
        if (float.IsNaN(value)) throw new InvalidOperationException("The chains diverged.");
    }
}
