using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;

namespace Helios.Benchmarks.Steps;

/// <summary>Random weights of a shape, loaded, with sequences to step; owns all of it.</summary>
internal sealed class LoadedRig : IDisposable
{
    private readonly CpuBackend backend;
    private readonly BenchedModel model;
    private readonly RigInSlab held;

    private LoadedRig(CpuBackend backend, BenchedModel model, DecodePlan plan)
    {
        this.backend = backend;
        this.model = model;
        held = new RigInSlab(model, plan, plan.Depths[0]);
    }

    public DecodeRig Rig => held.Rig;

    /// <summary>Loads. It waits, because BenchmarkDotNet does not wait for a set-up that runs in its own process.</summary>
    public static LoadedRig Load(string shape, Precision precision, DecodePlan plan)
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse(shape));
        var backend = new CpuBackend();
        var budget = new MemoryBudget(backend.Device.TotalMemory);
        return new LoadedRig(backend, BenchedModel.LoadAsync(checkpoint, backend, budget, precision, plan.Depths[0], default).GetAwaiter().GetResult(), plan);
    }

    public void Dispose()
    {
        held.Dispose();
        model.Dispose();
        backend.Dispose();
    }
}
