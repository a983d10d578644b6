using Helios.Sdk.Backends;

namespace Helios.Sdk.Testing;

/// <summary>KV slabs that hold the tokens themselves: 4 bytes for every token and layer, of which the first layer's say which token it is.</summary>
internal sealed class ScriptedKvStore(long slabBytes, int tokensPerBlock) : IKvStore
{
    private readonly List<(int[] Cells, MemoryReservation Bytes)?> slabs = [];

    public long SlabBytes => slabBytes;

    public int TokensPerBlock => tokensPerBlock;

    public long BlockBytes(KvShape shape) => (long)tokensPerBlock * shape.Layers * sizeof(int);

    public int AddSlab(MemoryReservation bytes)
    {
        var free = slabs.IndexOf(null);
        if (free < 0)
        {
            free = slabs.Count;
            slabs.Add(null);
        }

        slabs[free] = (new int[slabBytes / sizeof(int)], bytes);
        return free;
    }

    public void RemoveSlab(int slab)
    {
        slabs[slab]!.Value.Bytes.Dispose();
        slabs[slab] = null;
    }

    public void CopyBlock(KvShape shape, KvBlock from, KvBlock to) => Tokens(from, shape.Layers).CopyTo(Tokens(to, shape.Layers));

    /// <summary>The tokens of a block that is cut for so many layers.</summary>
    public Span<int> Tokens(KvBlock block, int layers) => slabs[block.Slab]!.Value.Cells.AsSpan(block.Index * tokensPerBlock * layers, tokensPerBlock);

    public void Dispose()
    {
        foreach (var slab in slabs) slab?.Bytes.Dispose();
        slabs.Clear();
    }
}
