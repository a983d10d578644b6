namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// A slab cut into blocks of one shape. Each is free, used (held by so many tables) or cached (held by none, but in the index).
/// Blocks are handed out last-freed first, so that warm memory is used again.
/// </summary>
internal sealed class Slab
{
    private readonly int[] free;
    private readonly int[] holders;
    private readonly PrefixNode?[] nodes;
    private int freeCount;

    public Slab(int index, ShapeSlabs group)
    {
        Index = index;
        Group = group;
        InIdle = new LinkedListNode<Slab>(this);
        free = new int[group.BlocksPerSlab];
        holders = new int[free.Length];
        nodes = new PrefixNode?[free.Length];
        for (var i = 0; i < free.Length; i++) free[i] = free.Length - 1 - i;
        freeCount = free.Length;
    }

    /// <summary>Index in the backend's store.</summary>
    public int Index { get; }

    /// <summary>The slabs cut like it.</summary>
    public ShapeSlabs Group { get; }

    public int Blocks => free.Length;

    public int FreeBlocks => freeCount;

    public int UsedBlocks { get; set; }

    public bool IsEmpty => freeCount == free.Length;

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

    public KvBlock Take() => new(Index, free[--freeCount]);

    public void Return(int block) => free[freeCount++] = block;
}
