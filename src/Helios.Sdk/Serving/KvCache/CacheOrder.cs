namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The order in which cached blocks go: of every shape first those of scopes over their share, then the least recently used.
/// A scope over its share loses nothing while the memory is not wanted.
/// </summary>
internal sealed class CacheOrder
{
    private long bytes;

    /// <summary>Bytes of all cached blocks. Any thread.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Counts blocks that became cached; a later one has a higher number.</summary>
    public long Now { get; private set; }

    /// <summary>No sequence uses a block any more.</summary>
    /// <param name="node">The block.</param>
    /// <param name="group">Slabs of its shape.</param>
    /// <param name="kvBytes">KV memory that scopes have shares of.</param>
    public void Add(PrefixNode node, ShapeSlabs group, long kvBytes)
    {
        var scope = node.Scope!;
        node.UnusedSince = ++Now;
        node.Group = group;
        group.Kept.AddLast(node.InOrder);
        scope.Kept.AddLast(node.InScope);
        scope.KeptBytes += group.BlockBytes;
        Volatile.Write(ref bytes, bytes + group.BlockBytes);

        // A scope's oldest go over first, so that here, too, none goes before those that follow it.
        while (scope.KeptBytes > scope.Share * kvBytes) PutInSurplus(scope.Kept.First!.Value);
    }

    /// <summary>A block is used again, or is not cached any more.</summary>
    public void Remove(PrefixNode node)
    {
        if (node.InScope.List is not null) LeaveScope(node);
        node.InOrder.List!.Remove(node.InOrder);
        Volatile.Write(ref bytes, bytes - node.Group!.BlockBytes);
        node.Group = null;
    }

    private static void PutInSurplus(PrefixNode node)
    {
        LeaveScope(node);
        node.Group!.Kept.Remove(node.InOrder);
        node.Group.Surplus.AddLast(node.InOrder);
    }

    private static void LeaveScope(PrefixNode node)
    {
        node.Scope!.Kept.Remove(node.InScope);
        node.Scope.KeptBytes -= node.Group!.BlockBytes;
    }
}
