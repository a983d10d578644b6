using System.Runtime.InteropServices;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The slabs that KV has from the budget: those cut, by shape, and the empty ones, which are cut for whichever shape wants one
/// next. One that is idle holds cached blocks, but no used one.
/// </summary>
internal sealed class SlabSet(IKvStore store, MemoryBudget budget) : IDisposable
{
    private readonly Dictionary<KvShape, ShapeSlabs> groups = [];
    private readonly List<Slab?> cut = [];
    private readonly Stack<int> empty = new();
    private readonly LinkedList<Slab> idle = new();
    private readonly List<MemoryReservation> lacking = [];
    private int count;

    /// <summary>Bytes of all slabs. Any thread.</summary>
    public long Bytes => Volatile.Read(ref count) * store.SlabBytes;

    public IEnumerable<Slab> Cut => cut.OfType<Slab>();

    /// <summary>The slab that has been idle for longest.</summary>
    public Slab? LongestIdle => idle.First?.Value;

    /// <summary>Whether the device had no memory for a slab that the budget had room for.</summary>
    public bool IsLacking { get; private set; }

    public int BlocksPerSlab(KvShape shape) => (int)Math.Min(int.MaxValue, store.SlabBytes / store.BlockBytes(shape));

    /// <summary>Bytes of whole slabs that so many blocks of a shape take.</summary>
    public long BytesFor(KvShape shape, int blocks)
    {
        var perSlab = BlocksPerSlab(shape);
        return ((long)blocks + perSlab - 1) / perSlab * store.SlabBytes;
    }

    public Slab Of(KvBlock block) => cut[block.Slab]!;

    public ShapeSlabs GroupOf(KvShape shape)
    {
        ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(groups, shape, out _);
        return group ??= new ShapeSlabs(shape, store.BlockBytes(shape), BlocksPerSlab(shape));
    }

    /// <summary>Blocks that a group can still have: free ones, cached ones, and those of slabs that can be made, or emptied by others.</summary>
    public long Obtainable(ShapeSlabs group)
    {
        var spare = empty.Count + budget.Free / store.SlabBytes;
        foreach (var other in groups.Values)
        {
            if (other != group) spare += other.SpareSlabs;
        }

        return group.FreeBlocks + group.CachedBlocks + spare * group.BlocksPerSlab;
    }

    /// <summary>Whether blocks of several shapes can be had together.</summary>
    public bool CanHave(ReadOnlySpan<BlockNeed> needs)
    {
        long wanted = 0;
        var spare = empty.Count + budget.Free / store.SlabBytes;
        foreach (var need in needs)
        {
            if (need.Blocks > 0) GroupOf(need.Shape);
        }

        foreach (var group in groups.Values)
        {
            var left = group.FreeBlocks + group.CachedBlocks;
            foreach (var need in needs)
            {
                if (need.Shape == group.Shape) left -= need.Blocks;
            }

            if (left < 0) wanted += (-left + group.BlocksPerSlab - 1) / group.BlocksPerSlab;
            else spare += left / group.BlocksPerSlab;
        }

        return wanted <= spare;
    }

    /// <summary>Blocks that all memory there is for KV would make of a group's shape.</summary>
    public long Possible(ShapeSlabs group) => (count + budget.Free / store.SlabBytes) * group.BlocksPerSlab;

    /// <summary>A group, but for <paramref name="except"/>, that could do with one slab less.</summary>
    public ShapeSlabs? FindRoomy(ShapeSlabs? except)
    {
        foreach (var group in groups.Values)
        {
            if (group != except && group.SpareSlabs > 0) return group;
        }

        return null;
    }

    /// <summary>Cuts an empty slab, or a new one; false when the budget has no room for that.</summary>
    public bool TryCut(ShapeSlabs group)
    {
        if (!empty.TryPop(out var index))
        {
            if (TryAdd() is not { } added) return false;
            index = added;
        }

        while (cut.Count <= index) cut.Add(null);
        group.Add(cut[index] = new Slab(index, group));
        return true;
    }

    /// <summary>A block of a slab is used that was not.</summary>
    public void NoteUse(Slab slab)
    {
        if (slab.UsedBlocks++ == 0 && slab.InIdle.List is not null) idle.Remove(slab.InIdle);
    }

    /// <summary>A slab that holds nothing is empty; one that no sequence uses is idle.</summary>
    public void Settle(Slab slab, long now)
    {
        if (slab.IsEmpty)
        {
            if (slab.InIdle.List is not null) idle.Remove(slab.InIdle);
            slab.Group.Withdraw(slab);
            Clear(slab);
        }
        else if (slab.UsedBlocks == 0 && slab.InIdle.List is null)
        {
            slab.IdleSince = now;
            idle.AddLast(slab.InIdle);
        }
    }

    /// <summary>Nothing is left in a slab that its group has withdrawn.</summary>
    public void Clear(Slab slab)
    {
        cut[slab.Index] = null;
        empty.Push(slab.Index);
    }

    /// <summary>Gives an empty slab back to the budget; false when there is none.</summary>
    public bool TryRemoveEmpty()
    {
        if (!empty.TryPop(out var index)) return false;
        store.RemoveSlab(index);
        Volatile.Write(ref count, count - 1);
        ReturnLacking();
        return true;
    }

    public void Dispose()
    {
        foreach (var slab in Cut) empty.Push(slab.Index);
        cut.Clear();
        groups.Clear();
        idle.Clear();
        while (TryRemoveEmpty())
        {
        }

        ReturnLacking();
    }

    // A device that has less memory than the budget says is out of room as well. What it lacks stays reserved until a slab goes, so that
    // no plan counts on it.
    private int? TryAdd()
    {
        if (budget.TryReserve(store.SlabBytes) is not { } bytes) return null;
        try
        {
            var index = store.AddSlab(bytes);
            Volatile.Write(ref count, count + 1);
            return index;
        }
        catch (OutOfMemoryException)
        {
            IsLacking = true;
            if (budget.TryReserve(store.SlabBytes) is { } lacked) lacking.Add(lacked);
            return null;
        }
    }

    private void ReturnLacking()
    {
        foreach (var bytes in lacking) bytes.Dispose();
        lacking.Clear();
        IsLacking = false;
    }
}
