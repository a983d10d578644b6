using Helios.Sdk.BackendShared;
using Helios.Sdk.TorchSharp.Devices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Memory;

/// <summary>
/// Slabs of device memory for KV. A block holds for each layer one unit, <c>[tokens of a block][key heads, then value heads][headDim]</c>,
/// so that a step finds the keys and values of a layer by numbers of units, and writes them by numbers of tokens.
/// </summary>
internal sealed class TorchKvStore : IKvStore
{
    private readonly TorchDevice device;
    private readonly AllocationCounter counter;
    private readonly List<KvSlab?> slabs = [];

    public TorchKvStore(TorchDevice device, AllocationCounter counter, long slabBytes, int tokensPerBlock, ScalarType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerBlock);
        if (tokensPerBlock % 16 != 0) throw new ArgumentException($"{tokensPerBlock} tokens per block are not a multiple of 16.", nameof(tokensPerBlock));
        this.device = device;
        this.counter = counter;
        Type = type;
        SlabBytes = device.Take(slabBytes);
        TokensPerBlock = tokensPerBlock;
    }

    public long SlabBytes { get; }

    public int TokensPerBlock { get; }

    /// <summary>Type of keys and values.</summary>
    public ScalarType Type { get; }

    public long BlockBytes(KvShape shape) => shape.Layers * UnitElements(shape.KvHeads, shape.HeadDim) * Elements.BytesOf(Type);

    /// <summary>Elements of one layer in a block.</summary>
    public long UnitElements(int kvHeads, int headDim) => 2L * TokensPerBlock * kvHeads * headDim;

    public int AddSlab(MemoryReservation bytes)
    {
        var memory = new DeviceBuffer(device, counter, Type, SlabBytes, bytes);
        try
        {
            // What memory happens to hold may be no number, and 0 times that, as a masked value counts, is none either.
            memory.Clear(0, memory.Elements);
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        var slab = new KvSlab(memory);
        var free = slabs.IndexOf(null);
        if (free < 0)
        {
            slabs.Add(slab);
            return slabs.Count - 1;
        }

        slabs[free] = slab;
        return free;
    }

    public void RemoveSlab(int slab)
    {
        var held = Slab(slab);
        slabs[slab] = null;
        held.Memory.Dispose();
    }

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
    {
        var elements = shape.Layers * UnitElements(shape.KvHeads, shape.HeadDim);
        using var scope = torch.NewDisposeScope();
        Block(to, elements).copy_(Block(from, elements));
    }

    /// <summary>A slab as rows of so many elements, <c>[as many as fit, columns]</c>: one tensor however often it is asked for, gone with the slab.</summary>
    public Tensor Rows(int slab, long columns)
    {
        var held = Slab(slab);
        if (!held.Views.TryGetValue(columns, out var view)) held.Views.Add(columns, view = held.Memory.View(0, held.Memory.Elements / columns, columns));
        return view;
    }

    /// <summary>Throws when a block does not lie within a slab of this store.</summary>
    public void Require(KvBlock block, long blockElements)
    {
        var slab = Slab(block.Slab).Memory;
        if (block.Index < 0 || (block.Index + 1L) * blockElements > slab.Elements)
            throw new ArgumentOutOfRangeException(nameof(block), block, $"A slab of {SlabBytes} bytes holds {slab.Elements / blockElements} blocks of {blockElements * Elements.BytesOf(Type)}.");
    }

    public void Dispose()
    {
        foreach (var slab in slabs) slab?.Memory.Dispose();
        slabs.Clear();
    }

    private Tensor Block(KvBlock block, long elements)
    {
        Require(block, elements);
        return Slab(block.Slab).Memory.Memory.narrow(0, block.Index * elements, elements);
    }

    private KvSlab Slab(int slab) =>
        (uint)slab < (uint)slabs.Count && slabs[slab] is { } held ? held : throw new ArgumentOutOfRangeException(nameof(slab), slab, "There is no such KV slab.");

    /// <summary>A slab.</summary>
    /// <param name="Memory">All of it.</param>
    private sealed record KvSlab(DeviceBuffer Memory)
    {
        /// <summary>The memory by columns, disposed with it.</summary>
        public Dictionary<long, Tensor> Views { get; } = [];
    }
}
