using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>The slabs cut for one shape: their free blocks, and their cached ones in the order in which they go.</summary>
internal sealed class ShapeSlabs(KvShape shape, long blockBytes, int blocksPerSlab)
{
    private readonly List<Slab> open = [];

    public KvShape Shape { get; } = shape;

    public long BlockBytes { get; } = blockBytes;

    public int BlocksPerSlab { get; } = blocksPerSlab;

    public long FreeBlocks { get; private set; }

    public bool HasRoom => open.Count > 0;

    /// <summary>Cached blocks of scopes over their share: the first to go, oldest first.</summary>
    public LinkedList<PrefixNode> Surplus { get; } = new();

    /// <summary>The other cached blocks, least recently used first.</summary>
    public LinkedList<PrefixNode> Kept { get; } = new();

    public long CachedBlocks => (long)Surplus.Count + Kept.Count;

    /// <summary>The cached block that goes next; none behind it is cached.</summary>
    public PrefixNode? Oldest => (Surplus.First ?? Kept.First)?.Value;

    /// <summary>Slabs that can be emptied without touching a used block, once these are moved together.</summary>
    public long SpareSlabs => (FreeBlocks + CachedBlocks) / BlocksPerSlab;

    /// <summary>A free block; there is one.</summary>
    public KvBlock Take()
    {
        var slab = open[^1];
        return Taken(slab, slab.Take());
    }

    /// <summary>The block behind another of a slab of the group, where that is free.</summary>
    public KvBlock? TryTakeAfter(Slab slab, int block) => slab.OpenIndex >= 0 && slab.TryTakeAfter(block) is { } taken ? Taken(slab, taken) : null;

    public void Return(Slab slab, int block)
    {
        slab.Return(block);
        FreeBlocks++;
        if (slab.OpenIndex < 0) Open(slab);
    }

    /// <summary>A slab was cut.</summary>
    public void Add(Slab slab)
    {
        FreeBlocks += slab.FreeBlocks;
        Open(slab);
    }

    /// <summary>A slab's free blocks are not to be had any more.</summary>
    public void Withdraw(Slab slab)
    {
        FreeBlocks -= slab.FreeBlocks;
        if (slab.OpenIndex >= 0) Close(slab);
    }

    private KvBlock Taken(Slab slab, KvBlock block)
    {
        FreeBlocks--;
        if (slab.FreeBlocks == 0) Close(slab);
        return block;
    }

    private void Open(Slab slab)
    {
        slab.OpenIndex = open.Count;
        open.Add(slab);
    }

    private void Close(Slab slab)
    {
        var last = open[^1];
        open[slab.OpenIndex] = last;
        last.OpenIndex = slab.OpenIndex;
        open.RemoveAt(open.Count - 1);
        slab.OpenIndex = -1;
    }
}
