namespace Helios.Sdk.TorchSharp.Memory;

/// <summary>A piece of KV memory, cleared, and the shapes it is looked at in.</summary>
internal sealed class KvSlab : IDisposable
{
    private readonly Dictionary<long, Tensor> views = [];

    /// <summary>Clears memory; when that fails, the memory is disposed.</summary>
    /// <param name="memory">Owned from here on.</param>
    public KvSlab(DeviceBuffer memory)
    {
        Memory = memory;
        try
        {
            // What memory happens to hold may be no number, and 0 times that, as a masked value counts, is none either.
            memory.Clear(0, memory.Elements);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>All of it.</summary>
    public DeviceBuffer Memory { get; }

    /// <summary>
    /// Rows of so many elements, <c>[as many as fit, columns]</c>: one tensor however often it is asked for, gone with the slab, so that nothing
    /// else holds its memory.
    /// </summary>
    public Tensor Rows(long columns)
    {
        if (!views.TryGetValue(columns, out var view)) views.Add(columns, view = Memory.View(0, Memory.Elements / columns, columns));
        return view;
    }

    public void Dispose() => Memory.Dispose();
}
