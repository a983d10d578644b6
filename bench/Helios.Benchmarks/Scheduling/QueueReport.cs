using System.Diagnostics;
using Helios.Benchmarks.Overhead;
using Helios.Cli.Benching;
using Helios.Sdk;

namespace Helios.Benchmarks.Scheduling;

/// <summary>
/// What a long queue costs: tokens per second with a full batch of short requests, of which each that ends is replaced, while
/// few or very many wait. In turns; the ratio is of medians.
/// </summary>
internal static class QueueReport
{
    private const int Prompt = 16;
    private const int Answer = 32;
    private const int Few = 64;
    private const int Many = 100_000;
    private const int Rounds = 9;

    public static Task RunAsync(string shape) => Loaded.WithAsync(shape, model =>
    {
        Console.WriteLine("| model | tokens/s, 64 wait | 100,000 wait | ratio |");
        Console.WriteLine("|---|---|---|---|");
        Compare(model, compute: false, steps: 2000);
        Compare(model, compute: true, steps: 30);
    });

    private static void Compare(BenchedModel model, bool compute, int steps)
    {
        var options = new ServingOptions { MaxQueueLength = Many };
        using var shortQueue = new ServingRig(model, compute, options);
        using var longQueue = new ServingRig(model, compute, options);
        var (few, many) = (new Samples(), new Samples());
        Measure(shortQueue, Few, steps);
        Measure(longQueue, Many, steps);
        for (var round = 0; round < Rounds; round++)
        {
            few.Add(Measure(shortQueue, Few, steps));
            many.Add(Measure(longQueue, Many, steps));
        }

        Console.WriteLine($"| {(compute ? "cpu" : "none")} | {few.Median:0} | {many.Median:0} | {many.Median / few.Median:0.000} |");
    }

    /// <summary>Tokens generated per second.</summary>
    private static double Measure(ServingRig rig, int waiting, int steps)
    {
        Refill(rig, waiting);
        rig.Loop.Step();
        var (started, tokens) = (Stopwatch.GetTimestamp(), rig.Device.Sampled);
        for (var i = 0; i < steps; i++)
        {
            rig.Loop.Step();
            Refill(rig, waiting);
        }

        return (rig.Device.Sampled - tokens) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void Refill(ServingRig rig, int waiting)
    {
        for (var missing = waiting + rig.Loop.Sequences.Running - rig.Loop.Sequences.Count; missing > 0; missing--) rig.Submit(Prompt, Answer);
    }
}
