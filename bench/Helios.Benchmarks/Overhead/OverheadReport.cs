using System.Diagnostics;
using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;

namespace Helios.Benchmarks.Overhead;

/// <summary>
/// What a serving step takes beyond the calls into the model: commands, plan, gathering of rows, commit, text, hand-over to
/// readers. Measured inside real steps, with the time inside the model taken off, and again over a model that does nothing.
/// </summary>
internal static class OverheadReport
{
    private const int Prompt = 64;
    private const int PilotSteps = 20;
    private const double Seconds = 1;

    public static async Task RunAsync(string shape)
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse(shape));
        using var backend = new CpuBackend();
        using var model = await BenchedModel.LoadAsync(
            checkpoint, backend, new MemoryBudget(backend.Device.TotalMemory), Precision.Auto, checkpoint.Info.Architecture.Layers, default);

        Console.WriteLine($"{shape}, {backend.Device.Description}");
        Console.WriteLine("| model | batch | readers | step us | engine us, median | mean | p99 | share of step | bytes per token |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var compute in (bool[])[false, true])
        {
            foreach (var batch in (int[])[1, 8, 32])
            {
                foreach (var streaming in (bool[])[false, true])
                {
                    using var rig = new ServingRig(model, compute);
                    Console.WriteLine(await MeasureAsync(rig, batch, streaming, compute ? "cpu" : "none"));
                }
            }
        }
    }

    private static async Task<string> MeasureAsync(ServingRig rig, int batch, bool streaming, string model)
    {
        var (pilot, _, _) = await StepAsync(rig, batch, streaming, PilotSteps);
        var count = (int)Math.Clamp(Seconds / pilot.Median, 50, 5000);

        // Once unmeasured: code is compiled, and buffers grow to what answers of this length take.
        await StepAsync(rig, batch, streaming, count);
        var (total, engine, allocated) = await StepAsync(rig, batch, streaming, count);
        return $"| {model} | {batch} | {(streaming ? "streaming" : "at the end")} | {total.Median * 1e6:0} | {engine.Median * 1e6:0.0} | {engine.Mean * 1e6:0.0} "
            + $"| {engine.At(0.99) * 1e6:0.0} | {engine.Sum / total.Sum:0.00%} | {(double)allocated / (count * batch):0.0} |";
    }

    /// <summary>Steps of a batch that decodes: each step's time, its part outside the model, and bytes allocated by this thread.</summary>
    private static async Task<(Samples Total, Samples Engine, long Allocated)> StepAsync(ServingRig rig, int batch, bool streaming, int count)
    {
        // The first to be prefilled decodes while the others are, and must not end before the last step.
        var prefills = 5 + batch * Prompt / new ServingOptions().MaxRowsPerStep;
        var (total, engine) = (new Samples(), new Samples());
        var readers = Enumerable.Range(0, batch).Select(_ => rig.SubmitAsync(Prompt, prefills + count + 1, streaming)).ToList();
        for (var i = 0; i < prefills; i++) rig.Loop.Step();

        var times = new (long Total, long Inside)[count];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < count; i++)
        {
            var (started, inside) = (Stopwatch.GetTimestamp(), rig.Device.Ticks);
            rig.Loop.Step();
            times[i] = (Stopwatch.GetTimestamp() - started, rig.Device.Ticks - inside);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        foreach (var (whole, inside) in times)
        {
            total.Add((double)whole / Stopwatch.Frequency);
            engine.Add((double)(whole - inside) / Stopwatch.Frequency);
        }

        while (rig.Loop.Step())
        {
        }

        await Task.WhenAll(readers);
        return (total, engine, allocated);
    }
}
