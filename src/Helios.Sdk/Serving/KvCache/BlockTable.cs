using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The KV blocks of one sequence, in order of position; several tables may hold a block. Owned by the sequence, filled and
/// emptied by <see cref="BlockPool"/>.
/// </summary>
/// <param name="shape">What each block holds per token.</param>
/// <param name="capacity">Blocks that there is room for to begin with; it grows by doubling.</param>
internal sealed class BlockTable(KvShape shape, int capacity)
{
    private KvBlock[] blocks = new KvBlock[Math.Max(1, capacity)];

    /// <summary>What each block holds per token.</summary>
    public KvShape Shape { get; } = shape;

    /// <summary>Blocks held.</summary>
    public int Count { get; private set; }

    /// <summary>Whether its blocks stay with it until its owner lets go: no preemption gives them back.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Place in the pool's list of tables that hold blocks.</summary>
    public int PoolIndex { get; set; }

    public ReadOnlySpan<KvBlock> Blocks => blocks.AsSpan(0, Count);

    public void Push(KvBlock block)
    {
        if (Count == blocks.Length) Array.Resize(ref blocks, blocks.Length * 2);
        blocks[Count++] = block;
    }

    public KvBlock Pop() => blocks[--Count];

    public void Replace(int index, KvBlock block) => blocks[index] = block;
}
