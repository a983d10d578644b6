using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;

namespace Helios.Benchmarks.Scheduling;

/// <summary>Random weights of a shape on the CPU, for a report that serves with them.</summary>
internal static class Loaded
{
    public static async Task WithAsync(string shape, Action<BenchedModel> report)
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse(shape));
        using var backend = new CpuBackend();
        using var model = await BenchedModel.LoadAsync(
            checkpoint, backend, new MemoryBudget(backend.Device.TotalMemory), Precision.Auto, checkpoint.Info.Architecture.Layers, default);
        Console.WriteLine($"{shape}, {model.PrecisionName}, {backend.Device.Description}");
        report(model);
    }
}
