using Helios.Sdk.Models;

namespace Helios.Sdk.Backends;

/// <summary>
/// One device and all that runs on it. <see cref="Loader"/> may be called from any thread; models and KV stores belong
/// to the one thread that steps them.
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>What the device is.</summary>
    DeviceInfo Device { get; }

    /// <summary>Brings layers to the device.</summary>
    ILayerLoader Loader { get; }

    /// <summary>
    /// Bytes of the device that are free as its driver counts them, other processes included; null where nobody says. Any thread. What the
    /// backend was given and keeps for later is not free to the driver, though it is to the budget.
    /// </summary>
    long? FreeBytes => null;

    /// <summary>Creates the store in which KV slabs of one size live. The caller disposes it, after every model that uses it.</summary>
    /// <param name="slabBytes">Bytes of every slab.</param>
    /// <param name="tokensPerBlock">Tokens of a KV block; a multiple of 16, so that KV tiles are the same wherever a prompt is cut.</param>
    IKvStore CreateKvStore(long slabBytes, int tokensPerBlock);

    /// <summary>Bytes of the activations that <see cref="Compose"/> will allocate.</summary>
    /// <param name="architecture">Shape of the model.</param>
    /// <param name="maxRows">Most rows (tokens) of a step.</param>
    long MeasureWorkspace(ModelArchitecture architecture, int maxRows);

    /// <summary>Makes a model that can run. It starts without layers and does not own what it is given, save the reservation.</summary>
    /// <param name="fixedPart">Embedding, final norm and head.</param>
    /// <param name="kv">Where its KV blocks live.</param>
    /// <param name="maxRows">Most rows (tokens) of a step.</param>
    /// <param name="bytes">Covers <see cref="MeasureWorkspace"/>; owned by the model from here on.</param>
    ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes);
}

/// <summary>What a device is, for people and for keys of measured profiles.</summary>
/// <param name="Name">Short name, e.g. <c>cpu</c> or <c>cuda:0</c>.</param>
/// <param name="Description">Hardware and code path, e.g. <c>2 threads, 512-bit vectors, AMD EPYC 7763</c>.</param>
/// <param name="TotalMemory">Bytes the device can offer this process (container limits respected).</param>
public sealed record DeviceInfo(string Name, string Description, long TotalMemory)
{
    /// <summary>
    /// Slabs into which the budget is cut for KV where <see cref="ServingOptions.KvSlabBytes"/> does not say; null leaves that to the engine,
    /// which makes many small ones. A device whose steps take longer the more slabs there are asks for few.
    /// </summary>
    public int? KvSlabs { get; init; }

    /// <summary>Why the device is far slower than it might be and what to do about it, in plain words; logged once by every engine that starts on it. Null where all is well.</summary>
    public string? Warning { get; init; }
}

/// <summary>
/// Brings parts of a checkpoint to the device, a layer at a time, and says beforehand to the byte what each takes.
/// A layer is read when it is asked for, and no other bytes of the file. Thread-safe.
/// </summary>
/// <remarks>
/// Loading takes ownership of the reservation: it is returned to the budget when the part is disposed, or at once when
/// loading fails or is cancelled, after which nothing of the part is left in memory.
/// </remarks>
public interface ILayerLoader
{
    /// <summary>Bytes each part will take on this device. Reads no weights.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">How weights will be held.</param>
    /// <exception cref="NotSupportedException">The device cannot hold that precision.</exception>
    LoadSize Measure(ICheckpoint checkpoint, Precision precision);

    /// <summary>Loads embedding, final norm and head.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="precision">How weights are held.</param>
    /// <param name="bytes">A reservation of <see cref="LoadSize.FixedBytes"/>; owned by the result, or disposed on failure.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="CheckpointException">A tensor could not be read.</exception>
    ValueTask<IFixedPart> LoadFixedAsync(ICheckpoint checkpoint, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken);

    /// <summary>Loads one layer, with the norm and head of the exit behind it where that exit has its own.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="layer">Layer index from 0.</param>
    /// <param name="precision">How weights are held.</param>
    /// <param name="bytes">A reservation of <see cref="LoadSize.LayerBytes"/>; owned by the result, or disposed on failure.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="CheckpointException">A tensor could not be read.</exception>
    ValueTask<ILayerWeights> LoadLayerAsync(ICheckpoint checkpoint, int layer, Precision precision, MemoryReservation bytes, CancellationToken cancellationToken);
}

/// <summary>Bytes a load takes.</summary>
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

/// <summary>Embedding, final norm and head of a model on a device. Dispose it once nothing runs on it.</summary>
public interface IFixedPart : IDisposable
{
    /// <summary>Shape of the model.</summary>
    ModelArchitecture Architecture { get; }

    /// <summary>Bytes allocated on the device.</summary>
    long Bytes { get; }
}

/// <summary>One layer's weights on a device. Read-only, so several models may run over it. Dispose it once none does.</summary>
public interface ILayerWeights : IDisposable
{
    /// <summary>Layer index from 0.</summary>
    int Layer { get; }

    /// <summary>Bytes allocated on the device.</summary>
    long Bytes { get; }
}
