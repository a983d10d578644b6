using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>Counts every block anew and compares: nothing is lost, nothing is used twice, nothing that is used is cached.</summary>
internal sealed class PoolCheck(SlabSet slabs, PrefixIndex index)
{
    /// <exception cref="InvalidOperationException">Says what does not add up.</exception>
    public void Run(IEnumerable<BlockTable> live, long usedBytes, long cachedBytes)
    {
        var held = live.SelectMany(table => table.Blocks[table.First..].ToArray()).CountBy(block => block).ToDictionary();
        long used = 0, cached = 0, known = 0, bytesUsed = 0, bytesCached = 0;
        foreach (var slab in slabs.Cut)
        {
            var (usedHere, cachedHere) = (0, 0);
            for (var i = 0; i < slab.Blocks; i++)
            {
                var block = new KvBlock(slab.Index, i);
                var tables = held.GetValueOrDefault(block);
                if (slab.Holders(i) != tables) throw Wrong(Invariant($"{tables} tables hold {block}, but {slab.Holders(i)} are counted."));
                if (slab.Holders(i) > 0) usedHere++;
                if (slab.Node(i) is not { } node) continue;
                known++;
                if (node.Block != block) throw Wrong($"{block} is known as {node.Block}.");
                if (slab.Holders(i) == 0) cachedHere++;
                if (slab.Holders(i) > 0 != node.InOrder.List is null) throw Wrong($"{block} can be evicted while it is used, or never.");
                if (!IsHeldLike(node)) throw Wrong($"{block} is used, but not what comes before it.");
            }

            if (slab.UsedBlocks != usedHere) throw Wrong(Invariant($"{slab.UsedBlocks} KV blocks of slab {slab.Index} are in use, but sequences hold {usedHere}."));
            if (slab.FreeBlocks + usedHere + cachedHere != slab.Blocks)
                throw Wrong(Invariant($"{slab.FreeBlocks} free + {usedHere} used + {cachedHere} cached KV blocks of slab {slab.Index} are not {slab.Blocks}."));
            used += usedHere;
            cached += cachedHere;
            bytesUsed += usedHere * slab.Group.BlockBytes;
            bytesCached += cachedHere * slab.Group.BlockBytes;
        }

        if (used != held.Count) throw Wrong(Invariant($"{used} KV blocks are in use, but sequences hold {held.Count}."));
        if (known != index.Count) throw Wrong(Invariant($"{index.Count} blocks are indexed; {known} slabs' blocks are."));
        if (bytesUsed != usedBytes || bytesCached != cachedBytes) throw Wrong(Invariant($"{bytesUsed} bytes are used and {bytesCached} cached, but {usedBytes} and {cachedBytes} are counted."));
        CheckGroups(cached);
    }

    private void CheckGroups(long cached)
    {
        var groups = slabs.Cut.Select(slab => slab.Group).Distinct().ToList();
        if (groups.Sum(group => group.CachedBlocks) != cached) throw Wrong(Invariant($"{cached} KV blocks are cached, but not all of them can be evicted."));
        foreach (var group in groups)
        {
            var free = slabs.Cut.Where(slab => slab.Group == group).Sum(slab => (long)slab.FreeBlocks);
            if (free != group.FreeBlocks) throw Wrong(Invariant($"{free} KV blocks of {group.Shape} are free, but {group.FreeBlocks} are counted."));
        }
    }

    private bool IsHeldLike(PrefixNode node) =>
        node.HasWindow || node.Parent is PrefixRoot || slabs.Of(node.Block).Holders(node.Block.Index) <= slabs.Of(node.Parent!.Block).Holders(node.Parent.Block.Index);

    private static InvalidOperationException Wrong(string what) => new(what);
}
