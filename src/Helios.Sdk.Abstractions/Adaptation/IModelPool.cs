using System.Collections.Immutable;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Models;

/// <summary>
/// The known models, their loaded layers and their leases, accounted to the byte against one budget. The loaded
/// depth of a model is that of its deepest live lease; when the last deep lease is disposed, the model is trimmed. Thread-safe.
/// </summary>
public interface IModelPool
{
    /// <summary>The present state of the pool.</summary>
    PoolSnapshot Snapshot { get; }

    /// <summary>
    /// Claims a load target, and loads its missing layers. The active point keeps serving meanwhile; a load that fails or is
    /// cancelled leaves nothing in memory.
    /// </summary>
    /// <param name="target">Model, depth and precision.</param>
    /// <param name="progress">Called after each loaded part; may be null.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="ArgumentException">The pool knows no such model, or the model has no such depth.</exception>
    ValueTask<AcquireResult> AcquireAsync(LoadTarget target, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default);
}

/// <summary>Progress of a load.</summary>
/// <param name="Target">The target of the load.</param>
/// <param name="LayersLoaded">Layers on the device now.</param>
/// <param name="Bytes">Bytes loaded by this call so far.</param>
public readonly record struct LoadProgress(LoadTarget Target, int LayersLoaded, long Bytes);

/// <summary>The result of a claim.</summary>
public abstract record AcquireResult
{
    private AcquireResult()
    {
    }

    /// <summary>The target is loaded and claimed.</summary>
    /// <param name="Lease">The claim; the caller disposes it.</param>
    public sealed record Acquired(IModelLease Lease) : AcquireResult;

    /// <summary>The budget cannot hold it beside the active point.</summary>
    /// <param name="NeededBytes">Bytes that were missing from the load.</param>
    /// <param name="FreeBytes">Bytes that were free, or could have been freed.</param>
    public sealed record NoRoom(long NeededBytes, long FreeBytes) : AcquireResult;

    /// <summary>The last load of this model failed; it is not tried again before the back-off ends.</summary>
    /// <param name="RetryAfter">Time left.</param>
    /// <param name="Reason">Why it failed.</param>
    public sealed record BackingOff(TimeSpan RetryAfter, string Reason) : AcquireResult;

    /// <summary>The load failed; nothing of it is left in memory.</summary>
    /// <param name="Error">Why.</param>
    public sealed record Failed(Exception Error) : AcquireResult;
}

/// <summary>A counted claim on loaded layers. Disposing it twice is harmless; layers without a claim are freed.</summary>
public interface IModelLease : IDisposable
{
    /// <summary>The claimed target.</summary>
    LoadTarget Target { get; }

    /// <summary>The checkpoint of the model.</summary>
    CheckpointInfo Model { get; }
}

/// <summary>The state of the pool at one moment.</summary>
/// <param name="BudgetBytes">Maximum bytes for weights, workspaces and KV together.</param>
/// <param name="UsedBytes">Bytes in use.</param>
/// <param name="PeakBytes">Maximum of the bytes in use so far.</param>
/// <param name="Models">Every model.</param>
public sealed record PoolSnapshot(long BudgetBytes, long UsedBytes, long PeakBytes, ImmutableArray<PooledModel> Models);

/// <summary>One model of the pool.</summary>
/// <param name="Info">The contents of its headers.</param>
/// <param name="Size">Bytes of its parts on this device.</param>
/// <param name="LoadedLayers">Layers on the device; 0 if none is loaded.</param>
/// <param name="LoadedBytes">Bytes of weights and workspace on the device.</param>
/// <param name="Leases">Live claims.</param>
public sealed record PooledModel(CheckpointInfo Info, LoadSize Size, int LoadedLayers, long LoadedBytes, int Leases)
{
    /// <summary>Why no more of it can be loaded, for good: its files changed since they were opened. What is loaded serves on. Null as long as that was not found.</summary>
    public string? StaleBecause { get; init; }
}
