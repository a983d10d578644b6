using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// Hands out KV blocks. Memory comes from the budget in slabs; a slab is cut for one shape, and cut anew for another once
/// it is empty. A block that no table holds any more stays cached when <see cref="Enter"/> made it known, until its memory is
/// wanted. Integers only: where bytes lie is the backend's affair. Belongs to the device thread, which alone reserves bytes.
/// Invariant: free + used + cached blocks of every slab = its blocks; bytes of all slabs = bytes reserved for KV; who holds a
/// block of a prefix holds all before it, so that what follows an unused block is unused too, and for longer. Layers with a window are the exception:
/// their sequences give up blocks from the front, which may go while others that follow them stay.
/// </summary>
internal sealed class BlockPool : IKvSizes, IDisposable
{
    private readonly IKvStore store;
    private readonly MemoryBudget budget;
    private readonly SlabSet slabs;
    private readonly KnownBlocks known;
    private readonly List<BlockTable> tables = [];
    private long usedBytes;

    public BlockPool(IKvStore store, MemoryBudget budget)
    {
        this.store = store;
        this.budget = budget;
        slabs = new SlabSet(store, budget);
        known = new KnownBlocks(slabs, store.TokensPerBlock);
    }

    public int TokensPerBlock => store.TokensPerBlock;

    /// <inheritdoc/>
    public long BytesPerSlab => store.SlabBytes;

    /// <summary>Bytes of all slabs, whether their blocks are used or not.</summary>
    public long SlabBytes => slabs.Bytes;

    /// <summary>Bytes of blocks in use, each counted once however many tables hold it.</summary>
    public long UsedBytes => Volatile.Read(ref usedBytes);

    /// <summary>Bytes of blocks that no sequence uses, kept for a prompt with the same tokens.</summary>
    public long CachedBytes => known.Cached.Bytes;

    /// <summary>Bytes of whole slabs that the blocks of pinned tables take: no load can have them.</summary>
    public long PinnedBytes => tables.Where(table => table.IsPinned).Sum(table => SlabBytesFor(table.Shape, table.Held));

    /// <summary>Most bytes of blocks that were ever in use.</summary>
    public long PeakBytes { get; private set; }

    /// <inheritdoc/>
    public long BlockBytes(KvShape shape) => store.BlockBytes(shape);

    public int BlocksFor(int tokens) => (tokens + store.TokensPerBlock - 1) / store.TokensPerBlock;

    /// <summary>Bytes of whole slabs that so many blocks of a shape take.</summary>
    public long SlabBytesFor(KvShape shape, int count) => slabs.BytesFor(shape, count);

    /// <summary>Blocks of a shape that can still be had: free ones, cached ones, and those of slabs that can be made or emptied.</summary>
    public long Obtainable(KvShape shape) => slabs.Obtainable(slabs.GroupOf(shape));

    /// <summary>Blocks of a shape that all memory there is for KV would make.</summary>
    public long Possible(KvShape shape) => slabs.Possible(slabs.GroupOf(shape));

    /// <summary>Whether blocks of several shapes can be had together.</summary>
    public bool CanHave(ReadOnlySpan<BlockNeed> needs) => slabs.CanHave(needs);

    /// <summary>Grows a table to hold <paramref name="tokens"/> tokens: whole, or not at all.</summary>
    public bool TryGrow(BlockTable table, int tokens)
    {
        var missing = BlocksFor(tokens) - table.Count;
        if (missing <= 0) return true;
        var group = slabs.GroupOf(table.Shape);
        if (missing > slabs.Obtainable(group)) return false;
        var count = table.Count;
        while (missing-- > 0)
        {
            if (TryTake(group, table.Held > 0 ? table.Blocks[^1] : null) is { } block)
            {
                Push(table, block);
                continue;
            }

            Shrink(table, count);
            return false;
        }

        return true;
    }

    /// <summary>Takes back the last blocks of a table, down to so many positions.</summary>
    public void Shrink(BlockTable table, int count)
    {
        if (count <= table.First)
        {
            Release(table);
            return;
        }

        while (table.Count > count) Drop(table.Pop());
    }

    /// <summary>Takes back the blocks of a table before a position, which no row needs any more.</summary>
    public void Slide(BlockTable table, int first)
    {
        if (first >= table.Count)
        {
            var count = table.Count;
            Release(table);
            table.StartBehind(count);
            return;
        }

        while (table.First < first) Drop(table.Shift());
    }

    /// <inheritdoc cref="KnownBlocks.CountKnown"/>
    public int CountKnown(in PrefixKey key, ReadOnlySpan<int> tokens) => known.CountKnown(key, tokens);

    /// <inheritdoc cref="KnownBlocks.CountUsable"/>
    public int CountUsable(in PrefixKey key, ReadOnlySpan<int> tokens, int window) => known.CountUsable(key, tokens, window);

    /// <summary>Fills an empty table with the cached blocks that <paramref name="tokens"/> begin with, from a position on; returns of how many positions.</summary>
    public int Attach(BlockTable table, in PrefixKey key, ReadOnlySpan<int> tokens, int first = 0)
    {
        var node = known.Index.FindRoot(key);
        table.StartBehind(first);
        for (var position = 0; tokens.Length >= TokensPerBlock; tokens = tokens[TokensPerBlock..])
        {
            node = node is null ? null : known.Index.Find(node, tokens[..TokensPerBlock]);
            if (node is null) break;
            if (position++ < first) continue;
            Hold(node.Block);
            Push(table, node.Block);
        }

        return table.Count;
    }

    /// <summary>Fills an empty table with the first blocks of another.</summary>
    public void Share(BlockTable from, BlockTable into, int count)
    {
        into.StartBehind(Math.Min(from.First, count));
        foreach (var block in from.Blocks[into.First..count])
        {
            Hold(block);
            Push(into, block);
        }
    }

    /// <summary>
    /// Makes a block known that holds exact KV of full depth for <paramref name="tokens"/>. When these are known already behind the
    /// blocks before it, the table takes the known block, whose bits are the same, and gives its own up. False when what comes
    /// before is not known.
    /// </summary>
    public bool Enter(BlockTable table, int position, in PrefixKey key, ReadOnlySpan<int> tokens)
    {
        var own = table.Blocks[position];
        ref var node = ref NodeOf(own);
        if (node is not null) return true;
        var parent = position == 0 ? known.Index.RootOf(key) : position > table.First ? NodeOf(table.Blocks[position - 1]) : null;
        if (parent is null) return false;

        if (known.Index.Find(parent, tokens) is not { } twin)
        {
            node = known.Index.Add(parent, tokens, own);
        }
        else if (twin.Block == KvBlock.None)
        {
            twin.Block = own;
            node = twin;
        }
        else
        {
            Hold(twin.Block);
            table.Replace(position, twin.Block);
            Drop(own);
        }

        return true;
    }

    /// <summary>
    /// Makes a block of a table safe to write: when others hold it too, or it is known, the table gets a copy. False when
    /// there is no room for that.
    /// </summary>
    public bool TryOwn(BlockTable table, int position)
    {
        var block = table.Blocks[position];
        var isShared = slabs.Of(block).Holders(block.Index) > 1;
        var node = NodeOf(block);
        if (!isShared && node is null) return true;

        var group = slabs.GroupOf(table.Shape);
        if (slabs.Obtainable(group) > 0 && TryTake(group, behind: null) is { } copy)
        {
            store.CopyBlock(table.Shape, block, copy);
            table.Replace(position, copy);
            Drop(block);
            return true;
        }

        if (!isShared) known.Forget(node!);
        return !isShared;
    }

    /// <summary>Whether a table shares no block with another.</summary>
    public bool HoldsAlone(BlockTable table)
    {
        foreach (var block in table.Blocks[table.First..])
        {
            if (slabs.Of(block).Holders(block.Index) > 1) return false;
        }

        return true;
    }

    /// <summary>Takes back every block of a table, the last one first: what is unused for longest is never what others follow on.</summary>
    public void Release(BlockTable table)
    {
        if (table.Held == 0)
        {
            table.Clear();
            return;
        }

        while (table.Held > 0) Drop(table.Pop());
        table.Clear();
        var last = tables[^1];
        tables[table.PoolIndex] = last;
        last.PoolIndex = table.PoolIndex;
        tables.RemoveAt(tables.Count - 1);
    }

    /// <summary>A model is gone: nothing that ran on it will be looked for again.</summary>
    public void ForgetModel(long model) => known.ForgetModel(model);

    /// <summary>Gives slabs back to the budget until that many bytes are free in it: empty ones, then those that cached blocks fill.</summary>
    public void Trim(long bytesWanted)
    {
        while (budget.Free < bytesWanted)
        {
            if (!slabs.TryRemoveEmpty() && !TryVacate(except: null)) return;
        }
    }

    /// <summary>Checks the invariant.</summary>
    /// <exception cref="InvalidOperationException">A block was lost, or is counted wrongly.</exception>
    public void Verify(IEnumerable<BlockTable> live) => new PoolCheck(slabs, known.Index).Run(live, UsedBytes, CachedBytes);

    public void Dispose() => slabs.Dispose();

    private ref PrefixNode? NodeOf(KvBlock block) => ref known.NodeOf(block);

    private void Push(BlockTable table, KvBlock block)
    {
        if (table.Held == 0)
        {
            table.PoolIndex = tables.Count;
            tables.Add(table);
        }

        table.Push(block);
    }

    /// <summary>
    /// A block that no table holds, for one holder, the one behind another if that is free; <see cref="Obtainable"/> has said that there is one.
    /// Null when the device lacks the memory that the budget has.
    /// </summary>
    private KvBlock? TryTake(ShapeSlabs group, KvBlock? behind)
    {
        if (behind is { } last && group.TryTakeAfter(slabs.Of(last), last.Index) is { } following)
        {
            Use(following, holders: 1);
            return following;
        }

        while (!group.HasRoom)
        {
            if (!slabs.TryCut(group) && !TryEvict(group)) return null;
        }

        var block = group.Take();
        Use(block, holders: 1);
        return block;
    }

    /// <summary>Makes room for a group: its own oldest cached block goes, or a slab that others have not used for longer.</summary>
    private bool TryEvict(ShapeSlabs group)
    {
        var oldest = group.Oldest;
        var isOldest = group.Surplus.Count > 0 || !(slabs.LongestIdle?.IdleSince < oldest?.UnusedSince);
        if (oldest is not null && isOldest)
        {
            known.Forget(oldest);
            return true;
        }

        if (TryVacate(except: group)) return true;
        if (slabs.IsLacking) return false;
        throw new InvalidOperationException($"No KV block of {group.Shape} is left, though one was promised.");
    }

    /// <summary>
    /// Empties a slab without giving a used block up: the one that has been idle for longest, or one of a group with free and
    /// cached blocks enough for its used ones to move to.
    /// </summary>
    private bool TryVacate(ShapeSlabs? except)
    {
        if (slabs.LongestIdle is { } idle) known.ForgetBlocksOf(idle);
        else if (slabs.FindRoomy(except) is { } group) Compact(group);
        else return false;
        return true;
    }

    /// <summary>Moves the used blocks of the slab that has fewest to places that are free or cached in others.</summary>
    private void Compact(ShapeSlabs group)
    {
        var slab = slabs.Cut.Where(slab => slab.Group == group).MinBy(slab => slab.UsedBlocks)!;
        known.ForgetBlocksOf(slab);
        group.Withdraw(slab);
        var moved = new KvBlock[slab.Blocks];
        for (var i = 0; i < slab.Blocks; i++)
        {
            if (slab.Holders(i) == 0) continue;
            while (!group.HasRoom) known.Forget(group.Oldest!);
            var place = moved[i] = group.Take();
            store.CopyBlock(group.Shape, new KvBlock(slab.Index, i), place);
            NodeOf(place) = slab.Node(i);
            if (slab.Node(i) is { } node) node.Block = place;
            Unuse(slab);
            Use(place, slab.Holders(i));
        }

        foreach (var table in tables)
        {
            for (var i = table.First; i < table.Count; i++)
            {
                if (table.Blocks[i].Slab == slab.Index) table.Replace(i, moved[table.Blocks[i].Index]);
            }
        }

        slabs.Clear(slab);
    }

    private void Hold(KvBlock block)
    {
        ref var holders = ref slabs.Of(block).Holders(block.Index);
        if (holders > 0)
        {
            holders++;
            return;
        }

        known.Cached.Remove(NodeOf(block)!);
        Use(block, holders: 1);
    }

    private void Drop(KvBlock block)
    {
        var slab = slabs.Of(block);
        if (--slab.Holders(block.Index) > 0) return;

        Unuse(slab);
        if (NodeOf(block) is { } node) known.Cached.Add(node, slab.Group, budget.Free + SlabBytes);
        else slab.Group.Return(slab, block.Index);
        slabs.Settle(slab, known.Cached.Now);
    }

    /// <summary>A block that no table held is used from now on.</summary>
    private void Use(KvBlock block, int holders)
    {
        var slab = slabs.Of(block);
        slab.Holders(block.Index) = holders;
        slabs.NoteUse(slab);
        Volatile.Write(ref usedBytes, usedBytes + slab.Group.BlockBytes);
        PeakBytes = Math.Max(PeakBytes, usedBytes);
    }

    private void Unuse(Slab slab)
    {
        slab.UsedBlocks--;
        Volatile.Write(ref usedBytes, usedBytes - slab.Group.BlockBytes);
    }
}
