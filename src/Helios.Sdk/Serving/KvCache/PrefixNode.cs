using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// A full block of tokens behind the block of its parent, and where its KV lies. Where layers have a window, that may be given up, and the node stays
/// while others follow it. Used again once it was removed.
/// </summary>
internal class PrefixNode
{
    public PrefixNode()
    {
        Sibling = new LinkedListNode<PrefixNode>(this);
        InOrder = new LinkedListNode<PrefixNode>(this);
        InScope = new LinkedListNode<PrefixNode>(this);
    }

    /// <summary>The block before it, or the root.</summary>
    public PrefixNode? Parent { get; set; }

    public LinkedList<PrefixNode> Children { get; } = new();

    /// <summary>Its tokens.</summary>
    public int[] Tokens { get; init; } = [];

    /// <summary>Where their KV lies; none if it was given up.</summary>
    public KvBlock Block { get; set; } = KvBlock.None;

    /// <summary>Whether its layers have a window, so that what follows it is of use without it.</summary>
    public bool HasWindow { get; set; }

    /// <summary>Its hash in the index.</summary>
    public int Hash { get; set; }

    /// <summary>When its last user gave it up, counted in such events; while no sequence uses it.</summary>
    public long UnusedSince { get; set; }

    /// <summary>Its place among the children of its parent.</summary>
    public LinkedListNode<PrefixNode> Sibling { get; }

    /// <summary>Its place in the order of eviction; in no list while it is used.</summary>
    public LinkedListNode<PrefixNode> InOrder { get; }

    /// <summary>Its place among the blocks that its scope has within its share.</summary>
    public LinkedListNode<PrefixNode> InScope { get; }

    /// <summary>The scope it belongs to.</summary>
    public CachedScope? Scope { get; set; }

    /// <summary>Slabs of its shape; while no sequence uses it.</summary>
    public ShapeSlabs? Group { get; set; }
}

/// <summary>What every prefix of a key begins with: no tokens at all.</summary>
internal sealed class PrefixRoot : PrefixNode
{
    public PrefixRoot(PrefixKey key) => (Key, HasWindow) = (key, key.Window is not null);

    public PrefixKey Key { get; }
}

/// <summary>What a scope has in the cache.</summary>
internal sealed class CachedScope(double share)
{
    /// <summary>Share of KV memory beyond which its blocks are the first to go.</summary>
    public double Share { get; } = share;

    /// <summary>Roots it has; it is forgotten with the last.</summary>
    public int Roots { get; set; }

    /// <summary>Its unused blocks within its share, the least recently used first.</summary>
    public LinkedList<PrefixNode> Kept { get; } = new();

    /// <summary>Bytes of <see cref="Kept"/>.</summary>
    public long KeptBytes { get; set; }
}
