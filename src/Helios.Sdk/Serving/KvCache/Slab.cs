using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// A slab cut into blocks of one shape. Each is free, used (held by so many tables) or cached (held by none, but in the index).
/// Blocks are handed out so that those of a sequence follow each other as far as can be.
/// </summary>
internal sealed class Slab
{
    private readonly FreeRuns free;
    private readonly int[] holders;
    private readonly PrefixNode?[] nodes;

    public Slab(int index, ShapeSlabs group)
    {
        Index = index;
        Group = group;
        InIdle = new LinkedListNode<Slab>(this);
        free = new FreeRuns(group.BlocksPerSlab);
        holders = new int[group.BlocksPerSlab];
        nodes = new PrefixNode?[group.BlocksPerSlab];
    }

    /// <summary>Index in the backend's store.</summary>
    public int Index { get; }

    /// <summary>The slabs cut like it.</summary>
    public ShapeSlabs Group { get; }

    public int Blocks => holders.Length;

    public int FreeBlocks => free.Count;

    public int UsedBlocks { get; set; }

    public bool IsEmpty => free.Count == Blocks;

    /// <summary>Place in its group's list of slabs that have room, or -1.</summary>
    public int OpenIndex { get; set; } = -1;

    /// <summary>Place among the slabs that hold cached blocks only.</summary>
    public LinkedListNode<Slab> InIdle { get; }

    /// <summary>When its last used block was given up, in the count of <see cref="PrefixNode.UnusedSince"/>.</summary>
    public long IdleSince { get; set; }

    /// <summary>Tables that hold a block.</summary>
    public ref int Holders(int block) => ref holders[block];

    /// <summary>The prefix whose KV a block holds; null when the index does not know it.</summary>
    public ref PrefixNode? Node(int block) => ref nodes[block];

    /// <summary>A free block with room behind it.</summary>
    public KvBlock Take() => new(Index, free.Take());

    /// <summary>The block behind another, where that is free.</summary>
    public KvBlock? TryTakeAfter(int block) => free.TryTakeAfter(block) ? new KvBlock(Index, block + 1) : null;

    public void Return(int block) => free.Return(block);
}
