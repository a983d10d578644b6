using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Memory;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Model;

/// <summary>What a composed model keeps on the device from step to step.</summary>
internal sealed class StepConstants : IDisposable
{
    private readonly KvGroups groups;
    private readonly List<Tensor> kept = [];
    private readonly Dictionary<double, Scalar> numbers = [];
    private readonly Dictionary<long, Scalar> wholeNumbers = [];

    public StepConstants(TorchFixedPart fixedPart, TorchKvStore kv, TorchDevice device)
    {
        using var scope = torch.NewDisposeScope();
        var architecture = fixedPart.Architecture;
        groups = KvGroups.Of(architecture);
        Device = device;
        Kv = kv;
        Type = fixedPart.Type;
        Upload = new HostBuffer(device, ScalarType.Int64);
        Doubles = new HostBuffer(device, ScalarType.Float64);
        Rotary = new RotaryTables(architecture, Keep);
        AttentionKinds = AttentionKind.CountOf(architecture);
        AttendedBytes = Activations.AttendedBytes(architecture, Activations.Fuses(device, architecture));
        Slots = Keep(torch.arange(architecture.Layers, ScalarType.Int64).view(architecture.Layers, 1));
        Columns = Keep(torch.arange((architecture.ContextLength + kv.TokensPerBlock - 1) / kv.TokensPerBlock * kv.TokensPerBlock, ScalarType.Int64));
        Allowed = Keep(torch.zeros(1, Type));
        Forbidden = Keep(torch.full(1, double.NegativeInfinity, Type));
        One64 = Keep(torch.ones(1, ScalarType.Int64));
        Zero64 = Keep(torch.zeros(1, ScalarType.Float64));
        foreach (var tensor in kept) tensor.DetachFromDisposeScope();
    }

    public TorchDevice Device { get; }

    public TorchKvStore Kv { get; }

    /// <summary>Type of weights and activations.</summary>
    public ScalarType Type { get; }

    /// <summary>Indices on their way to the device.</summary>
    public HostBuffer Upload { get; }

    /// <summary>Numbers in double on their way to the device: parameters of sampling, frequencies.</summary>
    public HostBuffer Doubles { get; }

    /// <summary>Rotary positions of the layers.</summary>
    public RotaryTables Rotary { get; }

    /// <summary>Kinds of attention that the layers have.</summary>
    public int AttentionKinds { get; }

    /// <summary>Bytes that a row takes for each token it may attend to, as <see cref="Activations"/> has them.</summary>
    public long AttendedBytes { get; }

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

    /// <summary>A slab by units of a group: one layer of one block each, <c>[units, elements of a unit]</c>. It is the slab's to dispose.</summary>
    public Tensor Units(int slab, int group) => Kv.Rows(slab, Kv.UnitElements(groups.Shape(group, default)));

    /// <summary>A slab by tokens of a group: one layer of one token each, <c>[tokens, 2 x kvHeads x headDim]</c>. It is the slab's to dispose.</summary>
    public Tensor Tokens(int slab, int group) => Kv.Rows(slab, TorchKvStore.TokenElements(groups.Shape(group, default)));

    /// <summary>A number as torch takes it, made once.</summary>
    public Scalar Number(double value)
    {
        if (!numbers.TryGetValue(value, out var number)) numbers.Add(value, number = value.ToScalar());
        return number;
    }

    /// <summary>The same of a whole number: what it is added to keeps its type.</summary>
    public Scalar Number(long value)
    {
        if (!wholeNumbers.TryGetValue(value, out var number)) wholeNumbers.Add(value, number = value.ToScalar());
        return number;
    }

    public void Dispose()
    {
        Upload.Dispose();
        Doubles.Dispose();
        foreach (var number in numbers.Values.Concat(wholeNumbers.Values)) number.Dispose();
        foreach (var tensor in kept) tensor.Dispose();
    }

    private Tensor Keep(Tensor tensor)
    {
        var there = tensor.to(Device.Handle);
        kept.Add(there);
        return there;
    }
}
