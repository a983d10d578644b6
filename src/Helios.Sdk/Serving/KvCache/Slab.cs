namespace Helios.Sdk.Serving.KvCache;

/// <summary>A slab cut into blocks of one shape. Blocks are handed out last-freed first, so that warm memory is used again.</summary>
internal sealed class Slab
{
    private readonly int[] free;
    private int freeCount;

    public Slab(int index, KvShape shape, int blocks)
    {
        Index = index;
        Shape = shape;
        free = new int[blocks];
        for (var i = 0; i < blocks; i++) free[i] = blocks - 1 - i;
        freeCount = blocks;
    }

    /// <summary>Index in the backend's store.</summary>
    public int Index { get; }

    public KvShape Shape { get; }

    public int Blocks => free.Length;

    public int FreeBlocks => freeCount;

    public bool IsEmpty => freeCount == free.Length;

    /// <summary>Place in its group's list of slabs that have room, or -1.</summary>
    public int OpenIndex { get; set; } = -1;

    public KvBlock Take() => new(Index, free[--freeCount]);

    public void Return(KvBlock block) => free[freeCount++] = block.Index;
}
