using System.Runtime.InteropServices;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// Finds KV by the tokens it was computed from: a tree of full blocks under a root for each <see cref="PrefixKey"/>. A hit is
/// decided by the tokens themselves; the hash, seeded at random in every process, only says where to look. Nodes are used
/// again, so a cache that is full allocates nothing.
/// </summary>
internal sealed class PrefixIndex(int tokensPerBlock)
{
    private readonly Dictionary<PrefixKey, PrefixRoot> roots = [];
    private readonly Dictionary<CacheScope, CachedScope> scopes = [];
    private readonly HashSet<PrefixNode> nodes = new(new ByParentAndTokens());
    private readonly Stack<PrefixNode> spare = new();

    /// <summary>Blocks in it.</summary>
    public int Count => nodes.Count(node => node.Block != KvBlock.None);

    public PrefixNode? FindRoot(in PrefixKey key) => roots.GetValueOrDefault(key);

    /// <summary>The root of a key, made when it is not there. It goes with its last block.</summary>
    public PrefixNode RootOf(in PrefixKey key)
    {
        ref var root = ref CollectionsMarshal.GetValueRefOrAddDefault(roots, key, out _);
        if (root is not null) return root;

        ref var scope = ref CollectionsMarshal.GetValueRefOrAddDefault(scopes, key.Scope, out _);
        scope ??= new CachedScope(key.Scope.Share);
        scope.Roots++;
        return root = new PrefixRoot(key) { Scope = scope, Hash = key.GetHashCode() };
    }

    /// <summary>The block of these tokens behind <paramref name="parent"/>; null when there is none.</summary>
    public PrefixNode? Find(PrefixNode parent, ReadOnlySpan<int> tokens) =>
        nodes.GetAlternateLookup<NodeKey>().TryGetValue(new NodeKey(parent, tokens), out var node) ? node : null;

    /// <summary>Enters a block that is not there yet.</summary>
    public PrefixNode Add(PrefixNode parent, ReadOnlySpan<int> tokens, KvBlock block)
    {
        if (!spare.TryPop(out var node)) node = new PrefixNode { Tokens = new int[tokensPerBlock] };
        tokens.CopyTo(node.Tokens);
        node.Parent = parent;
        node.Scope = parent.Scope;
        node.HasWindow = parent.HasWindow;
        node.Block = block;
        node.Hash = new NodeKey(parent, tokens).Hash();
        nodes.Add(node);
        parent.Children.AddLast(node.Sibling);
        return node;
    }

    /// <summary>Removes a block that none follows.</summary>
    public void Remove(PrefixNode leaf)
    {
        var parent = leaf.Parent!;
        nodes.Remove(leaf);
        parent.Children.Remove(leaf.Sibling);
        leaf.Parent = null;
        leaf.Scope = null;
        leaf.Block = KvBlock.None;
        spare.Push(leaf);
        if (parent is PrefixRoot root && root.Children.Count == 0) RemoveRoot(root);
    }

    /// <summary>A block at or behind <paramref name="node"/> that none follows.</summary>
    public static PrefixNode LeafOf(PrefixNode node)
    {
        while (node.Children.First is { Value: var child }) node = child;
        return node;
    }

    /// <summary>First blocks of all that ran on a model.</summary>
    public List<PrefixNode> FirstBlocksOf(long model) =>
        [.. roots.Values.Where(root => root.Key.Model == model).SelectMany(root => root.Children)];

    private void RemoveRoot(PrefixRoot root)
    {
        roots.Remove(root.Key);
        if (--root.Scope!.Roots == 0) scopes.Remove(root.Key.Scope);
    }

    private readonly ref struct NodeKey(PrefixNode parent, ReadOnlySpan<int> tokens)
    {
        public PrefixNode Parent { get; } = parent;

        public ReadOnlySpan<int> Tokens { get; } = tokens;

        /// <summary>The runtime's hash of strings: seeded at random, and made to withstand keys chosen by an enemy.</summary>
        public int Hash() => HashCode.Combine(Parent.Hash, string.GetHashCode(MemoryMarshal.Cast<int, char>(Tokens), StringComparison.Ordinal));
    }

    private sealed class ByParentAndTokens : IEqualityComparer<PrefixNode>, IAlternateEqualityComparer<NodeKey, PrefixNode>
    {
        public bool Equals(PrefixNode? x, PrefixNode? y) => ReferenceEquals(x, y);

        public int GetHashCode(PrefixNode node) => node.Hash;

        public bool Equals(NodeKey key, PrefixNode node) => ReferenceEquals(node.Parent, key.Parent) && key.Tokens.SequenceEqual(node.Tokens);

        public int GetHashCode(NodeKey key) => key.Hash();

        public PrefixNode Create(NodeKey key) => throw new NotSupportedException();
    }
}
