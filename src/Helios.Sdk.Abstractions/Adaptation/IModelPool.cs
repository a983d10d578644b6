using System.Collections.Immutable;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Models;

/// <summary>
/// The models known, what is loaded of each, and the leases on it, accounted to the byte against one budget. The loaded
/// depth of a model is the deepest live lease; trimming is what happens when the last deep lease goes. Thread-safe.
/// </summary>
public interface IModelPool
{
    /// <summary>What is known and loaded now.</summary>
    PoolSnapshot Snapshot { get; }

    /// <summary>
    /// Claims a load target, loading what is missing of it. The active point keeps serving meanwhile; a load that fails or is
    /// cancelled leaves no byte behind.
    /// </summary>
    /// <param name="target">Model, depth and precision.</param>
    /// <param name="progress">Reported to after each part that was loaded; may be null.</param>
    /// <param name="cancellationToken">Checked between reads.</param>
    /// <exception cref="ArgumentException">The pool knows no such model, or the model has no such depth.</exception>
    ValueTask<AcquireResult> AcquireAsync(LoadTarget target, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default);
}

/// <summary>Progress of a load.</summary>
/// <param name="Target">What is being loaded.</param>
/// <param name="LayersLoaded">Layers on the device now.</param>
/// <param name="Bytes">Bytes loaded by this call so far.</param>
public readonly record struct LoadProgress(LoadTarget Target, int LayersLoaded, long Bytes);

/// <summary>What became of a claim.</summary>
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

    /// <summary>The last load of this model failed; it is not tried again before the back-off is over.</summary>
    /// <param name="RetryAfter">Time left.</param>
    /// <param name="Reason">Why it failed.</param>
    public sealed record BackingOff(TimeSpan RetryAfter, string Reason) : AcquireResult;

    /// <summary>The load failed; nothing of it is left in memory.</summary>
    /// <param name="Error">Why.</param>
    public sealed record Failed(Exception Error) : AcquireResult;
}

/// <summary>A counted claim on loaded layers. Disposing it twice is harmless; what nobody claims any more is freed.</summary>
public interface IModelLease : IDisposable
{
    /// <summary>What is claimed.</summary>
    LoadTarget Target { get; }

    /// <summary>The checkpoint behind it.</summary>
    CheckpointInfo Model { get; }
}

/// <summary>The pool at one moment.</summary>
/// <param name="BudgetBytes">Most bytes that weights, workspaces and KV may take together.</param>
/// <param name="UsedBytes">Bytes they take.</param>
/// <param name="PeakBytes">Most they ever took.</param>
/// <param name="Models">Every model.</param>
public sealed record PoolSnapshot(long BudgetBytes, long UsedBytes, long PeakBytes, ImmutableArray<PooledModel> Models);

/// <summary>One model of the pool.</summary>
/// <param name="Info">What its headers say.</param>
/// <param name="Size">Bytes of its parts on this device.</param>
/// <param name="LoadedLayers">Layers on the device; 0 when nothing is loaded.</param>
/// <param name="LoadedBytes">Bytes of weights and workspace on the device.</param>
/// <param name="Leases">Live claims.</param>
public sealed record PooledModel(CheckpointInfo Info, LoadSize Size, int LoadedLayers, long LoadedBytes, int Leases);
