using System.Diagnostics.CodeAnalysis;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Tests.Serving.Fakes;

/// <summary>KV slabs in managed memory, 8 bytes per token and layer. Every access is checked.</summary>
internal sealed class FakeKvStore(long slabBytes, int tokensPerBlock = 16) : IKvStore
{
    private const ulong Garbage = 0xDEADBEEFDEADBEEF;

    private readonly List<(ulong[] Cells, MemoryReservation Bytes)?> slabs = [];

    public long SlabBytes => slabBytes;

    public int TokensPerBlock => tokensPerBlock;

    public int LiveSlabs => slabs.Count(slab => slab is not null);

    /// <summary>Slabs for which the device has memory, whatever the budget says.</summary>
    public int Room { get; set; } = int.MaxValue;

    public bool Disposed { get; private set; }

    public long BlockBytes(KvShape shape) => (long)tokensPerBlock * shape.Layers * sizeof(ulong);

    [SuppressMessage("Design", "MA0012:Do not raise reserved exception type", Justification = "It is what a store raises.")]
    public int AddSlab(MemoryReservation bytes)
    {
        if (bytes.Bytes != slabBytes) throw new InvalidOperationException($"A slab has {slabBytes} bytes; {bytes.Bytes} are reserved.");
        if (LiveSlabs >= Room)
        {
            bytes.Dispose();
            throw new InsufficientMemoryException($"The device holds {Room} slabs.");
        }

        var cells = new ulong[slabBytes / sizeof(ulong)];
        Array.Fill(cells, Garbage);
        var free = slabs.IndexOf(null);
        if (free < 0)
        {
            slabs.Add(null);
            free = slabs.Count - 1;
        }

        slabs[free] = (cells, bytes);
        return free;
    }

    public void RemoveSlab(int slab)
    {
        var held = slabs[slab] ?? throw new InvalidOperationException($"There is no slab {slab}.");
        held.Bytes.Dispose();
        slabs[slab] = null;
    }

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to)
    {
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            for (var token = 0; token < tokensPerBlock; token++) Cell(to, shape.Layers, token, layer) = Cell(from, shape.Layers, token, layer);
        }
    }

    /// <summary>What a token's layer holds, in a block cut for <paramref name="depth"/> layers.</summary>
    public ref ulong Cell(KvBlock block, int depth, int token, int layer)
    {
        var cells = slabs[block.Slab]?.Cells ?? throw new InvalidOperationException($"There is no slab {block.Slab}.");
        var perBlock = tokensPerBlock * depth;
        if (block.Index < 0 || (block.Index + 1) * perBlock > cells.Length) throw new InvalidOperationException($"{block} is outside its slab.");
        if ((uint)token >= (uint)tokensPerBlock || (uint)layer >= (uint)depth) throw new InvalidOperationException($"Token {token}, layer {layer} are outside a block.");
        return ref cells[block.Index * perBlock + layer * tokensPerBlock + token];
    }

    public void Dispose()
    {
        foreach (var slab in slabs) slab?.Bytes.Dispose();
        slabs.Clear();
        Disposed = true;
    }
}
