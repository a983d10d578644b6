using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// What the index knows of blocks: finds prefixes, and gives blocks up whose memory is wanted. Belongs to <see cref="BlockPool"/>.
/// </summary>
internal sealed class KnownBlocks(SlabSet slabs, int tokensPerBlock)
{
    /// <summary>Known blocks by their tokens.</summary>
    public PrefixIndex Index { get; } = new(tokensPerBlock);

    /// <summary>Those that no table holds, in the order in which they go.</summary>
    public CacheOrder Cached { get; } = new();

    /// <summary>What the index knows of a block; null when nothing.</summary>
    public ref PrefixNode? NodeOf(KvBlock block) => ref slabs.Of(block).Node(block.Index);

    /// <summary>Nothing that ran on a model will be looked for again.</summary>
    public void ForgetModel(long model)
    {
        foreach (var first in Index.FirstBlocksOf(model)) ForgetTree(first);
    }

    /// <summary>Forgets all blocks of a slab that no table holds.</summary>
    public void ForgetBlocksOf(Slab slab)
    {
        for (var i = 0; i < slab.Blocks; i++)
        {
            if (slab.Holders(i) == 0 && slab.Node(i) is { } node) Forget(node);
        }
    }

    /// <summary>Tokens from the first on that are known, in whole blocks, whether their KV is still there or was given up.</summary>
    public int CountKnown(in PrefixKey key, ReadOnlySpan<int> tokens)
    {
        var node = Index.FindRoot(key);
        for (var count = 0; ; count += tokensPerBlock)
        {
            node = node is null || tokens.Length < count + tokensPerBlock ? null : Index.Find(node, tokens.Slice(count, tokensPerBlock));
            if (node is null) return count;
        }
    }

    /// <summary>Most tokens, in whole blocks, before which so many blocks, or all, still have their KV. All of the tokens are known.</summary>
    public int CountUsable(in PrefixKey key, ReadOnlySpan<int> tokens, int window)
    {
        var (node, usable, run) = (Index.FindRoot(key), 0, 0);
        for (var count = 0; tokens.Length >= count + tokensPerBlock;)
        {
            node = Index.Find(node!, tokens.Slice(count, tokensPerBlock))!;
            count += tokensPerBlock;
            run = node.Block == KvBlock.None ? 0 : run + 1;
            if (run >= window || run * tokensPerBlock == count) usable = count;
        }

        return usable;
    }

    /// <summary>A block leaves the index, with all that follow it unless these are of use without it.</summary>
    public void Forget(PrefixNode node)
    {
        if (!node.HasWindow)
        {
            ForgetTree(node);
            return;
        }

        GiveUp(node);
        while (node is { Parent: { } parent, Children.Count: 0 } && node.Block == KvBlock.None)
        {
            Index.Remove(node);
            node = parent;
        }
    }

    /// <summary>A block and all that follow it leave the index; those that no sequence uses are free.</summary>
    private void ForgetTree(PrefixNode node)
    {
        for (var leaf = PrefixIndex.LeafOf(node); ;)
        {
            var parent = leaf.Parent!;
            if (leaf.Block != KvBlock.None) GiveUp(leaf);
            Index.Remove(leaf);
            if (leaf == node) return;
            leaf = PrefixIndex.LeafOf(parent);
        }
    }

    /// <summary>The index has a block's KV no more; where no sequence uses it, it is free.</summary>
    private void GiveUp(PrefixNode node)
    {
        var block = node.Block;
        var slab = slabs.Of(block);
        NodeOf(block) = null;
        if (slab.Holders(block.Index) == 0)
        {
            Cached.Remove(node);
            slab.Group.Return(slab, block.Index);
            slabs.Settle(slab, Cached.Now);
        }

        node.Block = KvBlock.None;
    }
}
