namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>An item of an <see cref="IndexedHeap{T}"/>; it is in one heap at a time.</summary>
internal interface IHeapItem<in T>
{
    /// <summary>Its place in the heap; kept by the heap.</summary>
    int HeapIndex { get; set; }

    /// <summary>Whether it comes out before another; a strict order.</summary>
    bool ComesBefore(T other);
}

/// <summary>
/// A binary heap whose items know their place, so that one in the middle is removed, or moved after its key changed, in
/// logarithmic time. Allocates only to grow.
/// </summary>
internal sealed class IndexedHeap<T>
    where T : class, IHeapItem<T>
{
    private readonly List<T> items = [];

    public int Count => items.Count;

    /// <summary>The item that comes out first; only when there is one.</summary>
    public T First => items[0];

    public void Add(T item)
    {
        items.Add(item);
        item.HeapIndex = items.Count - 1;
        Rise(item);
    }

    public void Remove(T item)
    {
        var last = items[^1];
        items.RemoveAt(items.Count - 1);
        if (ReferenceEquals(last, item)) return;
        Place(last, item.HeapIndex);
        Moved(last);
    }

    /// <summary>An item's key changed.</summary>
    public void Moved(T item)
    {
        Rise(item);
        Sink(item);
    }

    private void Rise(T item)
    {
        var index = item.HeapIndex;
        for (; index > 0 && item.ComesBefore(items[(index - 1) / 2]); index = (index - 1) / 2) Place(items[(index - 1) / 2], index);
        Place(item, index);
    }

    private void Sink(T item)
    {
        var index = item.HeapIndex;
        for (int child; (child = 2 * index + 1) < items.Count; index = child)
        {
            if (child + 1 < items.Count && items[child + 1].ComesBefore(items[child])) child++;
            if (!items[child].ComesBefore(item)) break;
            Place(items[child], index);
        }

        Place(item, index);
    }

    private void Place(T item, int index)
    {
        items[index] = item;
        item.HeapIndex = index;
    }
}
