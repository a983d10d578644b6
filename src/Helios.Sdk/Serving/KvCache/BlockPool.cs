namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// Hands out KV blocks. Memory comes from the budget in slabs; a slab is cut for one shape, and cut anew for another once
/// it is empty. Integers only: where bytes lie is the backend's affair. Belongs to the device thread.
/// Invariant: free + used blocks of every slab = its blocks; bytes of all slabs = bytes reserved for KV.
/// </summary>
internal sealed class BlockPool : IDisposable
{
    private readonly IKvStore store;
    private readonly MemoryBudget budget;
    private readonly Dictionary<KvShape, List<Slab>> open = [];
    private readonly Dictionary<int, Slab> cut = [];
    private readonly Stack<int> empty = new();
    private long usedBytes;

    public BlockPool(IKvStore store, MemoryBudget budget)
    {
        this.store = store;
        this.budget = budget;
    }

    public int TokensPerBlock => store.TokensPerBlock;

    /// <summary>Bytes of all slabs, whether their blocks are used or not.</summary>
    public long SlabBytes => (cut.Count + (long)empty.Count) * store.SlabBytes;

    /// <summary>Bytes of blocks in use.</summary>
    public long UsedBytes => Volatile.Read(ref usedBytes);

    /// <summary>Most bytes of blocks that were ever in use.</summary>
    public long PeakBytes { get; private set; }

    public int BlocksFor(int tokens) => (tokens + store.TokensPerBlock - 1) / store.TokensPerBlock;

    public int BlocksPerSlab(KvShape shape) => (int)Math.Min(int.MaxValue, store.SlabBytes / store.BlockBytes(shape));

    /// <summary>Blocks of a shape that could be had now: free ones, those of empty slabs, and those of slabs that the budget still gives.</summary>
    public long Obtainable(KvShape shape)
    {
        var blocksFree = (empty.Count + budget.Free / store.SlabBytes) * BlocksPerSlab(shape);
        if (!open.TryGetValue(shape, out var slabs)) return blocksFree;
        foreach (var slab in slabs) blocksFree += slab.FreeBlocks;
        return blocksFree;
    }

    /// <summary>Blocks of a shape that all memory there is for KV would make.</summary>
    public long Possible(KvShape shape) => (cut.Count + empty.Count + budget.Free / store.SlabBytes) * BlocksPerSlab(shape);

    /// <summary>Grows a table to hold <paramref name="tokens"/> tokens: whole, or not at all.</summary>
    public bool TryGrow(BlockTable table, int tokens)
    {
        var before = table.Count;
        for (var wanted = BlocksFor(tokens); table.Count < wanted;)
        {
            if (TakeFrom(table.Shape) is { } block)
            {
                table.Push(block);
                continue;
            }

            while (table.Count > before) Return(table.Shape, table.Pop());
            return false;
        }

        return true;
    }

    /// <summary>Whether no block is in use but those of <paramref name="table"/>.</summary>
    public bool AllUsedBy(BlockTable table) => usedBytes == table.Count * store.BlockBytes(table.Shape);

    /// <summary>Takes back every block of a table.</summary>
    public void Release(BlockTable table)
    {
        while (table.Count > 0) Return(table.Shape, table.Pop());
    }

    /// <summary>Gives empty slabs back to the budget until that many bytes are free in it, or no empty slab is left.</summary>
    public void Trim(long bytesWanted)
    {
        while (budget.Free < bytesWanted && empty.TryPop(out var slab)) store.RemoveSlab(slab);
    }

    /// <summary>Checks the invariant.</summary>
    /// <exception cref="InvalidOperationException">A block was lost or handed out twice.</exception>
    public void Verify(IEnumerable<BlockTable> live)
    {
        var held = live.SelectMany(table => table.Blocks.ToArray()).ToList();
        if (held.Distinct().Count() != held.Count) throw new InvalidOperationException("A KV block has two owners.");
        var used = cut.Values.Sum(slab => slab.Blocks - slab.FreeBlocks);
        if (used != held.Count) throw new InvalidOperationException($"{used} KV blocks are in use, but sequences hold {held.Count}.");
    }

    public void Dispose()
    {
        foreach (var slab in cut.Keys) store.RemoveSlab(slab);
        while (empty.TryPop(out var slab)) store.RemoveSlab(slab);
        cut.Clear();
        open.Clear();
    }

    private KvBlock? TakeFrom(KvShape shape)
    {
        if (!open.TryGetValue(shape, out var slabs)) open[shape] = slabs = [];
        if (slabs.Count == 0 && !TryCut(shape, slabs)) return null;

        var slab = slabs[^1];
        var block = slab.Take();
        usedBytes += store.BlockBytes(shape);
        PeakBytes = Math.Max(PeakBytes, usedBytes);
        if (slab.FreeBlocks == 0) Close(slabs, slab);
        return block;
    }

    private bool TryCut(KvShape shape, List<Slab> slabs)
    {
        if (!empty.TryPop(out var index))
        {
            if (budget.TryReserve(store.SlabBytes) is not { } bytes) return false;
            index = store.AddSlab(bytes);
        }

        var slab = new Slab(index, shape, BlocksPerSlab(shape));
        cut.Add(index, slab);
        Open(slabs, slab);
        return true;
    }

    private void Return(KvShape shape, KvBlock block)
    {
        var slab = cut[block.Slab];
        slab.Return(block);
        usedBytes -= store.BlockBytes(shape);
        if (slab.OpenIndex < 0) Open(open[shape], slab);
        if (!slab.IsEmpty) return;

        Close(open[shape], slab);
        cut.Remove(slab.Index);
        empty.Push(slab.Index);
    }

    private static void Open(List<Slab> slabs, Slab slab)
    {
        slab.OpenIndex = slabs.Count;
        slabs.Add(slab);
    }

    private static void Close(List<Slab> slabs, Slab slab)
    {
        var last = slabs[^1];
        slabs[slab.OpenIndex] = last;
        last.OpenIndex = slab.OpenIndex;
        slabs.RemoveAt(slabs.Count - 1);
        slab.OpenIndex = -1;
    }
}
