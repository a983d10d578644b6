using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu.Model;

/// <summary>A model on the CPU: hands the work on.</summary>
internal sealed class CpuLayeredModel : LayeredModel<CpuLayerWeights>
{
    private readonly MemoryReservation reservation;
    private readonly Workspace space;
    private readonly LayerPhases walk;
    private readonly HeadReader heads;

    public CpuLayeredModel(CpuFixedPart fixedPart, CpuKernels kernels, WorkerPool pool, CpuStepRows rows, Workspace space, MemoryReservation reservation)
        : base(fixedPart.Architecture, rows)
    {
        this.reservation = reservation;
        this.space = space;
        walk = new LayerPhases(fixedPart, kernels, pool, space, rows);
        heads = new HeadReader(fixedPart, kernels, pool, space, rows);
    }

    protected override ModelArchitecture ArchitectureOf(CpuLayerWeights layer) => layer.Architecture;

    protected override void Embed() => walk.Embed();

    protected override void Resume() => walk.Resume();

    protected override void RunLayer(CpuLayerWeights layer, int slot) => walk.Layer(layer);

    protected override void FillKv(int firstSlot, ReadOnlySpan<int> rows)
    {
        for (var slot = firstSlot; slot < Layers.Length; slot++) walk.FillKv(Layers[slot], rows);
    }

    protected override void Read(in ExitCheck check, Span<ExitSignal> signals) => heads.Read(Layers, Depth, check, signals);

    protected override void Draw(ReadOnlySpan<SampleRow> draws, Span<SampledToken> tokens) => heads.Sample(Layers, Depth, draws, tokens);

    protected override void Free()
    {
        space.Dispose();
        reservation.Dispose();
    }
}
