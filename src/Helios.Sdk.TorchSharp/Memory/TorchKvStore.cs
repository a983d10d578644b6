using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp.Devices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Memory;

/// <summary>
/// Slabs of device memory for KV. A block holds for each layer one unit, <c>[tokens of a block][key heads, then value heads][headDim]</c>. A slab holds the
/// units of all its blocks for slot 0, then those for slot 1, and so on: blocks that follow each other are, for each layer, tokens that do.
/// </summary>
internal sealed class TorchKvStore : IKvStore
{
    private readonly TorchDevice device;
    private readonly AllocationCounter counter;
    private readonly SlabTable<KvSlab> slabs = new();

    public TorchKvStore(TorchDevice device, AllocationCounter counter, long slabBytes, int tokensPerBlock, ScalarType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slabBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerBlock);
        if (tokensPerBlock % 16 != 0) throw new ArgumentException(Invariant($"{tokensPerBlock} tokens per block are not a multiple of 16."), nameof(tokensPerBlock));
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

    public long BlockBytes(KvShape shape) => shape.Layers * UnitElements(shape) * Elements.BytesOf(Type);

    /// <summary>Elements of one layer in a block.</summary>
    public long UnitElements(KvShape shape) => TokensPerBlock * TokenElements(shape);

    /// <summary>Elements of one layer of a token.</summary>
    public static long TokenElements(KvShape shape) => 2L * shape.KvHeads * shape.HeadDim;

    public int AddSlab(MemoryReservation bytes) => slabs.Add(new KvSlab(new DeviceBuffer(device, counter, Type, SlabBytes, bytes)));

    public void RemoveSlab(int slab) => slabs.Remove(slab);

    /// <summary>Blocks of so many elements that a slab holds, which is how many units lie between two slots of a block.</summary>
    public long BlocksOf(long blockElements) => SlabBytes / Elements.BytesOf(Type) / blockElements;

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
    {
        using var scope = torch.NewDisposeScope();
        Block(to, shape).copy_(Block(from, shape));
    }

    /// <summary>A slab as rows of so many elements, <c>[as many as fit, columns]</c>. It is the slab's to dispose.</summary>
    public Tensor Rows(int slab, long columns) => slabs[slab].Rows(columns);

    /// <summary>Throws when a block does not lie within a slab of this store.</summary>
    public void Require(KvBlock block, long blockElements)
    {
        var slab = slabs[block.Slab].Memory;
        if (block.Index < 0 || (block.Index + 1L) * blockElements > slab.Elements)
            throw new ArgumentOutOfRangeException(nameof(block), block, Invariant($"A slab of {SlabBytes} bytes holds {slab.Elements / blockElements} blocks of {blockElements * Elements.BytesOf(Type)}."));
    }

    public void Dispose() => slabs.Dispose();

    // [layers, elements of a unit]
    private Tensor Block(KvBlock block, KvShape shape)
    {
        var unit = UnitElements(shape);
        Require(block, shape.Layers * unit);
        return slabs[block.Slab].Memory.Memory.as_strided([shape.Layers, unit], [BlocksOf(shape.Layers * unit) * unit, 1], block.Index * unit);
    }
}
