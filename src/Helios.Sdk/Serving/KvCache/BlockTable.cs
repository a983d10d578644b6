using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The KV blocks of one sequence for a group of layers, in order of position; several tables may hold a block. Those behind a window are given up:
/// <see cref="KvBlock.None"/> stands for them. Owned by the sequence, filled and emptied by <see cref="BlockPool"/>.
/// </summary>
/// <param name="shape">What each block holds per token.</param>
/// <param name="capacity">Blocks that there is room for to begin with; it grows by doubling.</param>
internal sealed class BlockTable(KvShape shape, int capacity)
{
    private KvBlock[] blocks = new KvBlock[Math.Max(1, capacity)];

    /// <summary>What each block holds per token.</summary>
    public KvShape Shape { get; } = shape;

    /// <summary>Blocks of positions, held or given up.</summary>
    public int Count { get; private set; }

    /// <summary>The first block that is held; those before it were given up.</summary>
    public int First { get; private set; }

    /// <summary>Blocks held.</summary>
    public int Held => Count - First;

    /// <summary>Whether its blocks stay with it until its owner lets go: no preemption gives them back.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Place in the pool's list of tables that hold blocks.</summary>
    public int PoolIndex { get; set; }

    public ReadOnlySpan<KvBlock> Blocks => blocks.AsSpan(0, Count);

    /// <summary>The block of a position; none where it was given up, or is not there yet.</summary>
    public KvBlock this[int index] => index < Count ? blocks[index] : KvBlock.None;

    public void Push(KvBlock block)
    {
        if (Count == blocks.Length) Array.Resize(ref blocks, blocks.Length * 2);
        blocks[Count++] = block;
    }

    public KvBlock Pop() => blocks[--Count];

    public void Replace(int index, KvBlock block) => blocks[index] = block;

    /// <summary>Takes the first held block out.</summary>
    public KvBlock Shift()
    {
        var block = blocks[First];
        blocks[First++] = KvBlock.None;
        return block;
    }

    /// <summary>An empty table begins behind so many blocks that it never held.</summary>
    public void StartBehind(int count)
    {
        while (Count < count) Push(KvBlock.None);
        First = Count;
    }

    /// <summary>It holds none, and begins anew.</summary>
    public void Clear() => Count = First = 0;
}
