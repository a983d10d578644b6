using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// One device with its loader, models and KV stores. <see cref="Loader"/> may be called from any thread; models and KV stores belong
/// to the one thread that steps them.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>Description of the device.</summary>
    DeviceInfo Device { get; }

    /// <summary>Loads layers to the device.</summary>
    ILayerLoader Loader { get; }

    /// <summary>
    /// Free bytes of the device according to its driver, which counts other processes too; null if not known. Any thread. Memory that the
    /// backend caches for later is not free for the driver, but it is free in the budget.
    /// </summary>
    long? FreeBytes => null;

    /// <summary>Creates the store for KV slabs of one size. The caller disposes it, after every model that uses it.</summary>
    /// <param name="slabBytes">Bytes of every slab.</param>
    /// <param name="tokensPerBlock">Tokens of a KV block; a multiple of 16, so that KV tiles do not depend on the chunks of a prompt.</param>
    IKvStore CreateKvStore(long slabBytes, int tokensPerBlock);

    /// <summary>Bytes of the activations that <see cref="Compose"/> will allocate.</summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Maximum rows (tokens) of a step.</param>
    long MeasureWorkspace(ModelArchitecture architecture, int maxRows);

    /// <summary>Creates a model that can run. It starts without layers, and owns only the reservation, not the other arguments.</summary>
    /// <param name="fixedPart">Embedding, final norm and head.</param>
    /// <param name="kv">The store of its KV blocks.</param>
    /// <param name="maxRows">Maximum rows (tokens) of a step.</param>
    /// <param name="bytes">Covers <see cref="MeasureWorkspace"/>; the model takes ownership.</param>
    ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes);
}

/// <summary>Description of a device, for display and for keys of measured profiles.</summary>
/// <param name="Name">Short name, e.g. <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Description">Hardware and code path, e.g. <c>2 threads, 512-bit vectors, AMD EPYC 7763</c>.</param>
/// <param name="TotalMemory">Bytes that the device offers this process (container limits respected).</param>
public sealed record DeviceInfo(string Name, string Description, long TotalMemory)
{
    /// <summary>
    /// Number of KV slabs in the budget if <see cref="ServingOptions.KvSlabBytes"/> is null; with null the engine creates many small
    /// slabs. A device whose steps take longer with more slabs should request few.
    /// </summary>
    public int? KvSlabs { get; init; }

    /// <summary>Why the device is far slower than it could be, and the remedy; logged once by every engine that starts on it. Null if there is no problem.</summary>
    public string? Warning { get; init; }
}

/// <summary>
/// Loads parts of a checkpoint to the device, layer by layer, and measures the bytes of each in advance.
/// A load reads only the bytes of the requested layer. Thread-safe.
/// </summary>
/// <remarks>
/// Loading takes ownership of the reservation: it is returned to the budget when the part is disposed, or at once if
/// loading fails or is cancelled; then no part of it is left in memory.
/// </remarks>
public interface ILayerLoader
{
    /// <summary>Bytes of each part on this device. Reads no weights.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">Precision of the weights.</param>
    /// <exception cref="NotSupportedException">The device does not support that precision.</exception>
    LoadSize Measure(ICheckpoint checkpoint, Precision precision);

    /// <summary>How matrices of a stored type are held, in a few words for people; null where the loader does not say.</summary>
    /// <param name="stored">Type in the file.</param>
    /// <param name="precision">Precision of the weights.</param>
    string? HeldAs(TensorType stored, Precision precision) => null;

    /// <summary>Loads embedding, final norm and head.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">Precision of the weights.</param>
    /// <param name="bytes">A reservation of <see cref="LoadSize.FixedBytes"/>; owned by the result, or disposed on failure.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="CheckpointException">A tensor could not be read.</exception>
    ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken);

    /// <summary>Loads one layer, with the norm and head of the exit after it if that exit has its own.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="layer">Layer index from 0.</param>
    /// <param name="precision">Precision of the weights.</param>
    /// <param name="bytes">A reservation of <see cref="LoadSize.LayerBytes"/>; owned by the result, or disposed on failure.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="CheckpointException">A tensor could not be read.</exception>
    ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken);
}

/// <summary>Bytes of a load.</summary>
/// <param name="FixedBytes">Embedding, final norm and head.</param>
/// <param name="LayerBytes">Each layer in order.</param>
public sealed record LoadSize(long FixedBytes, IReadOnlyList<long> LayerBytes)
{
    /// <summary>Bytes of the fixed part and the first <paramref name="depth"/> layers.</summary>
    /// <param name="depth">Layers loaded.</param>
    public long ToDepth(int depth)
    {
        var total = FixedBytes;
        for (var layer = 0; layer < depth; layer++) total += LayerBytes[layer];
        return total;
    }
}

/// <summary>Embedding, final norm and head of a model on a device. Dispose it when no model uses it.</summary>
public interface IFixedPart : IDisposable
{
    /// <summary>Shape of the model.</summary>
    ModelArchitecture Architecture { get; }

    /// <summary>Bytes allocated on the device.</summary>
    long Bytes { get; }
}

/// <summary>One layer's weights on a device. Read-only, so several models may use it. Dispose it when no model uses it.</summary>
public interface ILayerWeights : IDisposable
{
    /// <summary>Layer index from 0.</summary>
    int Layer { get; }

    /// <summary>Bytes allocated on the device.</summary>
    long Bytes { get; }
}
