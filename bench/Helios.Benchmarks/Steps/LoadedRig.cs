using Helios.Cli.Benching;
using Helios.Sdk;
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

    public static async Task<LoadedRig> LoadAsync(string shape, Precision precision, DecodePlan plan)
    {
        using var checkpoint = new RandomCheckpoint(ModelShape.Parse(shape));
        var backend = new CpuBackend();
        var budget = new MemoryBudget(backend.Device.TotalMemory);
        return new LoadedRig(backend, await BenchedModel.LoadAsync(checkpoint, backend, budget, precision, plan.Depths[0], default), plan);
    }

    public void Dispose()
    {
        held.Dispose();
        model.Dispose();
        backend.Dispose();
    }
}
