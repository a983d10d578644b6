using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// Hands out KV blocks. Memory comes from the budget in slabs; a slab is cut for one shape, and cut anew for another once
/// it is empty. A block that no table holds any more stays cached when <see cref="Enter"/> made it known, until its memory is
/// wanted. Integers only: where bytes lie is the backend's affair. Belongs to the device thread, which alone reserves bytes.
/// Invariant: free + used + cached blocks of every slab = its blocks; bytes of all slabs = bytes reserved for KV; who holds a
/// block of a prefix holds all before it, so that what follows an unused block is unused too, and for longer.
/// </summary>
internal sealed class BlockPool : IKvSizes, IDisposable
{
    private readonly IKvStore store;
    private readonly MemoryBudget budget;
    private readonly SlabSet slabs;
    private readonly PrefixIndex index;
    private readonly CacheOrder cached = new();
    private readonly List<BlockTable> tables = [];
    private long usedBytes;

    public BlockPool(IKvStore store, MemoryBudget budget)
    {
        this.store = store;
        this.budget = budget;
        slabs = new SlabSet(store, budget);
        index = new PrefixIndex(store.TokensPerBlock);
    }

    public int TokensPerBlock => store.TokensPerBlock;

    /// <inheritdoc/>
    public long BytesPerSlab => store.SlabBytes;

    /// <summary>Bytes of all slabs, whether their blocks are used or not.</summary>
    public long SlabBytes => slabs.Bytes;

    /// <summary>Bytes of blocks in use, each counted once however many tables hold it.</summary>
    public long UsedBytes => Volatile.Read(ref usedBytes);

    /// <summary>Bytes of blocks that no sequence uses, kept for a prompt with the same tokens.</summary>
    public long CachedBytes => cached.Bytes;

    /// <summary>Bytes of whole slabs that the blocks of pinned tables take: no load can have them.</summary>
    public long PinnedBytes => tables.Where(table => table.IsPinned).Sum(table => SlabBytesFor(table.Shape, table.Count));

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

    /// <summary>Grows a table to hold <paramref name="tokens"/> tokens: whole, or not at all.</summary>
    public bool TryGrow(BlockTable table, int tokens)
    {
        var missing = BlocksFor(tokens) - table.Count;
        if (missing <= 0) return true;
        var group = slabs.GroupOf(table.Shape);
        if (missing > slabs.Obtainable(group)) return false;
        var held = table.Count;
        while (missing-- > 0)
        {
            if (TryTake(group, table.Count > 0 ? table.Blocks[^1] : null) is { } block)
            {
                Push(table, block);
                continue;
            }

            if (held == 0) Release(table);
            while (table.Count > held) Drop(table.Pop());
            return false;
        }

        return true;
    }

    /// <summary>Fills an empty table with the cached blocks that <paramref name="tokens"/> begin with; returns how many.</summary>
    public int Attach(BlockTable table, in PrefixKey key, ReadOnlySpan<int> tokens)
    {
        var node = index.FindRoot(key);
        for (; tokens.Length >= TokensPerBlock; tokens = tokens[TokensPerBlock..])
        {
            node = node is null ? null : index.Find(node, tokens[..TokensPerBlock]);
            if (node is null) break;
            Hold(node.Block);
            Push(table, node.Block);
        }

        return table.Count;
    }

    /// <summary>Fills an empty table with the first blocks of another.</summary>
    public void Share(BlockTable from, BlockTable into, int count)
    {
        foreach (var block in from.Blocks[..count])
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
        var parent = position == 0 ? index.RootOf(key) : NodeOf(table.Blocks[position - 1]);
        if (parent is null) return false;

        if (index.Find(parent, tokens) is { } known)
        {
            Hold(known.Block);
            table.Replace(position, known.Block);
            Drop(own);
        }
        else
        {
            node = index.Add(parent, tokens, own);
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

        if (!isShared) Forget(node!);
        return !isShared;
    }

    /// <summary>Whether no block is in use but those of <paramref name="table"/>, which it shares with no other.</summary>
    public bool AllUsedBy(BlockTable table)
    {
        if (usedBytes != table.Count * store.BlockBytes(table.Shape)) return false;
        foreach (var block in table.Blocks)
        {
            if (slabs.Of(block).Holders(block.Index) > 1) return false;
        }

        return true;
    }

    /// <summary>Takes back every block of a table, the last one first: what is unused for longest is never what others follow on.</summary>
    public void Release(BlockTable table)
    {
        if (table.Count == 0) return;
        while (table.Count > 0) Drop(table.Pop());
        var last = tables[^1];
        tables[table.PoolIndex] = last;
        last.PoolIndex = table.PoolIndex;
        tables.RemoveAt(tables.Count - 1);
    }

    /// <summary>A model is gone: nothing that ran on it will be looked for again.</summary>
    public void ForgetModel(long model)
    {
        foreach (var first in index.FirstBlocksOf(model)) Forget(first);
    }

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
    public void Verify(IEnumerable<BlockTable> live) => new PoolCheck(slabs, index).Run(live, UsedBytes, CachedBytes);

    public void Dispose() => slabs.Dispose();

    private ref PrefixNode? NodeOf(KvBlock block) => ref slabs.Of(block).Node(block.Index);

    private void Push(BlockTable table, KvBlock block)
    {
        if (table.Count == 0)
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
            Forget(oldest);
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
        if (slabs.LongestIdle is { } idle) ForgetBlocksOf(idle);
        else if (slabs.FindRoomy(except) is { } group) Compact(group);
        else return false;
        return true;
    }

    /// <summary>Moves the used blocks of the slab that has fewest to places that are free or cached in others.</summary>
    private void Compact(ShapeSlabs group)
    {
        var slab = slabs.Cut.Where(slab => slab.Group == group).MinBy(slab => slab.UsedBlocks)!;
        ForgetBlocksOf(slab);
        group.Withdraw(slab);
        var moved = new KvBlock[slab.Blocks];
        for (var i = 0; i < slab.Blocks; i++)
        {
            if (slab.Holders(i) == 0) continue;
            while (!group.HasRoom) Forget(group.Oldest!);
            var place = moved[i] = group.Take();
            store.CopyBlock(group.Shape, new KvBlock(slab.Index, i), place);
            NodeOf(place) = slab.Node(i);
            if (slab.Node(i) is { } node) node.Block = place;
            Unuse(slab);
            Use(place, slab.Holders(i));
        }

        foreach (var table in tables)
        {
            for (var i = 0; i < table.Count; i++)
            {
                if (table.Blocks[i].Slab == slab.Index) table.Replace(i, moved[table.Blocks[i].Index]);
            }
        }

        slabs.Clear(slab);
    }

    private void ForgetBlocksOf(Slab slab)
    {
        for (var i = 0; i < slab.Blocks; i++)
        {
            if (slab.Holders(i) == 0 && slab.Node(i) is { } node) Forget(node);
        }
    }

    private void Hold(KvBlock block)
    {
        ref var holders = ref slabs.Of(block).Holders(block.Index);
        if (holders > 0)
        {
            holders++;
            return;
        }

        cached.Remove(NodeOf(block)!);
        Use(block, holders: 1);
    }

    private void Drop(KvBlock block)
    {
        var slab = slabs.Of(block);
        if (--slab.Holders(block.Index) > 0) return;

        Unuse(slab);
        if (NodeOf(block) is { } node) cached.Add(node, slab.Group, budget.Free + SlabBytes);
        else slab.Group.Return(slab, block.Index);
        slabs.Settle(slab, cached.Now);
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

    /// <summary>A block and all that follow it leave the index; those that no sequence uses are free.</summary>
    private void Forget(PrefixNode node)
    {
        for (var leaf = PrefixIndex.LeafOf(node); ;)
        {
            var parent = leaf.Parent!;
            Remove(leaf);
            if (leaf == node) return;
            leaf = PrefixIndex.LeafOf(parent);
        }
    }

    private void Remove(PrefixNode leaf)
    {
        var block = leaf.Block;
        var slab = slabs.Of(block);
        NodeOf(block) = null;
        if (slab.Holders(block.Index) > 0)
        {
            index.Remove(leaf);
            return;
        }

        cached.Remove(leaf);
        index.Remove(leaf);
        slab.Group.Return(slab, block.Index);
        slabs.Settle(slab, cached.Now);
    }
}
