namespace Helios.Sdk.Backends;

/// <summary>The slabs of a backend's KV store by their indices, of which one is used again once its slab was removed. Owns the slabs; not thread-safe.</summary>
/// <typeparam name="T">A slab, disposed when it is removed.</typeparam>
public sealed class SlabTable<T> : IDisposable
    where T : class, IDisposable
{
    private readonly List<T?> slabs = [];

    /// <summary>A slab.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none of that index.</exception>
    /// <param name="slab">Its index.</param>
    public T this[int slab] =>
        (uint)slab < (uint)slabs.Count && slabs[slab] is { } held ? held : throw new ArgumentOutOfRangeException(nameof(slab), slab, "There is no such KV slab.");

    /// <summary>Takes a slab and returns its index.</summary>
    /// <param name="slab">Owned from here on.</param>
    public int Add(T slab)
    {
        var free = slabs.IndexOf(null);
        if (free < 0)
        {
            slabs.Add(slab);
            return slabs.Count - 1;
        }

        slabs[free] = slab;
        return free;
    }

    /// <summary>Disposes a slab.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none of that index.</exception>
    /// <param name="slab">Its index.</param>
    public void Remove(int slab)
    {
        var held = this[slab];
        slabs[slab] = null;
        held.Dispose();
    }

    /// <summary>Disposes all slabs.</summary>
    public void Dispose()
    {
        foreach (var slab in slabs) slab?.Dispose();
        slabs.Clear();
    }
}
