using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a composed model keeps on the device from step to step.</summary>
internal sealed class StepConstants : IDisposable
{
    private readonly ModelArchitecture architecture;
    private readonly Tensor frequencies;
    private readonly Tensor signs;
    private readonly List<Tensor> kept = [];

    public StepConstants(TorchFixedPart fixedPart, TorchKvStore kv, TorchDevice device)
    {
        using var scope = torch.NewDisposeScope();
        architecture = fixedPart.Architecture;
        Device = device;
        Kv = kv;
        Type = fixedPart.Type;
        Upload = new HostBuffer(device, ScalarType.Int64);
        Draws = new HostBuffer(device, ScalarType.Float64);
        frequencies = Keep(torch.tensor(architecture.Stack[0].Attention.Rotary!.InverseFrequencies(length: 1)));
        signs = Keep(torch.tensor(new double[] { -1, 1 }).view(1, 2, 1));
        Slots = Keep(torch.arange(architecture.Layers, ScalarType.Int64).view(architecture.Layers, 1));
        Columns = Keep(torch.arange((architecture.ContextLength + kv.TokensPerBlock - 1) / kv.TokensPerBlock * kv.TokensPerBlock, ScalarType.Int64));
        Allowed = Keep(torch.zeros(1, Type));
        Forbidden = Keep(torch.full(1, double.NegativeInfinity, Type));
        One64 = Keep(torch.ones(1, ScalarType.Int64));
        Zero64 = Keep(torch.zeros(1, ScalarType.Float64));
        foreach (var tensor in kept) tensor.DetachFromDisposeScope();
    }

    /// <summary>The number 1.</summary>
    public Scalar One { get; } = 1.ToScalar();

    public TorchDevice Device { get; }

    public TorchKvStore Kv { get; }

    /// <summary>Type of weights and activations.</summary>
    public ScalarType Type { get; }

    /// <summary>Indices on their way to the device.</summary>
    public HostBuffer Upload { get; }

    /// <summary>Parameters of sampling on their way to the device.</summary>
    public HostBuffer Draws { get; }

    /// <summary>Slots from 0, <c>[layers, 1]</c>.</summary>
    public Tensor Slots { get; }

    /// <summary>Positions from 0, as many as a context has, in whole blocks.</summary>
    public Tensor Columns { get; }

    /// <summary>0, what a mask adds where a row may attend.</summary>
    public Tensor Allowed { get; }

    /// <summary>Negative infinity, what it adds elsewhere.</summary>
    public Tensor Forbidden { get; }

    /// <summary>1 as an integer.</summary>
    public Tensor One64 { get; }

    /// <summary>0 in double.</summary>
    public Tensor Zero64 { get; }

    /// <summary>Where something lies for each slot.</summary>
    /// <param name="layers">Slots, from 0 on.</param>
    /// <param name="first">Where it lies for slot 0, <c>[some]</c>.</param>
    /// <param name="stride">What lies between two slots, <c>[some]</c>.</param>
    /// <returns><c>[layers, some]</c>.</returns>
    public Tensor BySlot(int layers, Tensor first, Tensor stride) => (Slots.narrow(0, 0, layers) * stride).add_(first);

    /// <summary>A slab by units: one layer of one block each, <c>[units, elements of a unit]</c>. It is the slab's to dispose.</summary>
    public Tensor Units(int slab) => Kv.Rows(slab, Kv.UnitElements(architecture.Stack[0].Attention.KvHeads, architecture.Stack[0].Attention.HeadDim));

    /// <summary>A slab by tokens: one layer of one token each, <c>[tokens, 2 x kvHeads x headDim]</c>. It is the slab's to dispose.</summary>
    public Tensor Tokens(int slab) => Kv.Rows(slab, 2L * architecture.Stack[0].Attention.KvSize);

    /// <summary>How positions turn pairs of elements. In double: at position 100,000 a float angle would be off by a hundredth of a radian.</summary>
    /// <param name="positions"><c>[rows]</c>.</param>
    public (Tensor Cosines, Tensor Sines) Turn(Tensor positions)
    {
        var angles = positions.to(ScalarType.Float64).unsqueeze(1) * frequencies;
        var (rows, half) = (positions.numel(), frequencies.numel());
        var sines = angles.sin().unsqueeze(1) * signs;
        return (angles.cos().to(Type).view(rows, 1, 1, half), sines.to(Type).view(rows, 1, 2, half));
    }

    public void Dispose()
    {
        Upload.Dispose();
        Draws.Dispose();
        One.Dispose();
        foreach (var tensor in kept) tensor.Dispose();
    }

    private Tensor Keep(Tensor tensor)
    {
        var there = tensor.to(Device.Handle);
        kept.Add(there);
        return there;
    }
}
