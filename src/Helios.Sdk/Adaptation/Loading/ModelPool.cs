using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Naming;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// The pool: loads what a claim misses, aside from the active point, and installs it in one go. Bytes are reserved before a
/// byte is read. A load that fails leaves nothing behind and makes the model back off.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The pool is the engine's to close: a service container that hands it out must not dispose it.")]
internal sealed class ModelPool : IModelPool
{
    private readonly Dictionary<string, PoolEntry> entries;
    private readonly IBackend backend;
    private readonly IKvStore kv;
    private readonly KvReclaimer memory;
    private readonly MemoryBudget budget;
    private readonly PoolSettings settings;
    private readonly LoadBackoff backoff;
    private readonly CancellationTokenSource stopping = new();

    public ModelPool(IEnumerable<PoolEntry> models, IBackend backend, IKvStore kv, KvReclaimer memory, PoolSettings settings)
    {
        entries = models.ToDictionary(entry => entry.Info.Name, StringComparer.OrdinalIgnoreCase);
        backoff = new LoadBackoff(settings.Time);
        this.backend = backend;
        this.kv = kv;
        this.memory = memory;
        this.settings = settings;
        budget = settings.Budget;
    }

    public IReadOnlyCollection<PoolEntry> Entries => entries.Values;

    public PoolSnapshot Snapshot => new(budget.Limit, budget.Used, budget.Peak, [.. entries.Values.Select(Describe)]);

    /// <summary>The model of a name. Names have no case; <see cref="PoolEntry.Info"/> says how it is written.</summary>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    public PoolEntry Find(string model) => entries.GetValueOrDefault(model)
        ?? throw new ArgumentException($"There is no model '{model}' in the pool; it has: {string.Join(", ", entries.Keys)}.{NearMiss.Ask(model, entries.Keys)}", nameof(model));

    public async ValueTask<AcquireResult> AcquireAsync(LoadTarget target, IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        var entry = Find(target.Model);
        var layers = entry.Info.Architecture.Layers;
        if (target.Depth < 1 || target.Depth > layers) throw new ArgumentException(Invariant($"Depth {target.Depth} of '{target.Model}' does not exist; it has layers 1 to {layers}."), nameof(target));
        if (target.Precision != Precision.Auto && target.Precision != settings.Precision)
            throw new ArgumentException($"The pool holds its models as {settings.Precision}; {target.Precision} was asked for.", nameof(target));
        return await AcquireAsync(entry, target with { Model = entry.Info.Name }, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How long a model is left alone after a failed load; null when nothing keeps it from being tried.</summary>
    public TimeSpan? RetryAfter(string model) => backoff.Check(model)?.RetryAfter;

    /// <summary>A load was given up: the model is left alone like after one that failed. Returns how long.</summary>
    public TimeSpan LeaveAlone(string model, string because) => backoff.Failed(model, because);

    /// <summary>Claims the embedding, norm and head, and as many layers as happen to be loaded: what scoring through a staging buffer needs.</summary>
    public ValueTask<AcquireResult> AcquireLoadedAsync(PoolEntry entry, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        var depth = entry.ClaimLoaded();
        var target = new LoadTarget(entry.Info.Name, depth ?? 0);
        if (depth is null) return AcquireAsync(entry, target, progress, cancellationToken);
        var served = entry.Install(makeFixed: null, []);
        return ValueTask.FromResult<AcquireResult>(new AcquireResult.Acquired(Lease(entry, target, served)));
    }

    /// <summary>What keeps a model from being loaded now; null when nothing does.</summary>
    public AcquireResult.BackingOff? BackingOff(string model) => backoff.Check(model);

    /// <summary>Ends loads that are under way, waits until they have let go, and frees everything.</summary>
    public async Task CloseAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        foreach (var entry in entries.Values)
        {
            await entry.LoadTurn.WaitAsync().ConfigureAwait(false);
            entry.Dispose();
        }
    }

    private static PooledModel Describe(PoolEntry entry)
    {
        var (layers, bytes, leases) = entry.Census();
        return new PooledModel(entry.Info, entry.Size, layers, bytes, leases) { StaleBecause = entry.StaleBecause };
    }

    private ModelLease Lease(PoolEntry entry, LoadTarget target, ServedModel served) =>
        ModelLease.Create(target, served, () => Drop(entry, target.Depth));

    private void Drop(PoolEntry entry, int depth)
    {
        if (entry.Drop(depth) is { } gone) memory.Forget(gone);
    }

    private async ValueTask<AcquireResult> AcquireAsync(PoolEntry entry, LoadTarget target, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping.Token);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            await entry.LoadTurn.WaitAsync(either.Token).ConfigureAwait(false);
            return await ClaimAsync(entry, target, progress, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AcquireResult.Failed(new HeliosException("The engine stops."));
        }
    }

    /// <summary>In its turn: claims the target, and loads what is missing of it.</summary>
    private async ValueTask<AcquireResult> ClaimAsync(PoolEntry entry, LoadTarget target, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        entry.Claim(target.Depth);
        AcquireResult? result = null;
        try
        {
            return result = await LoadMissingAsync(entry, target, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (result is not AcquireResult.Acquired) Drop(entry, target.Depth);
            entry.LoadTurn.Release();
        }
    }

    private async ValueTask<AcquireResult> LoadMissingAsync(PoolEntry entry, LoadTarget target, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        var (hasFixed, loaded) = entry.Loaded;
        if (hasFixed && loaded >= target.Depth) return new AcquireResult.Acquired(Lease(entry, target, entry.Install(makeFixed: null, [])));

        if (entry.StaleBecause is { } stale) return new AcquireResult.Failed(new CheckpointChangedException(stale));
        if (backoff.Check(entry.Info.Name) is { } backingOff) return backingOff;

        var bytes = entry.Size.ToDepth(target.Depth) - (hasFixed ? entry.Size.ToDepth(loaded) : -entry.WorkspaceBytes);
        var (reservation, available) = await memory.ReserveAsync(bytes, KvFloor(target)).ConfigureAwait(false);
        if (reservation is null) return new AcquireResult.NoRoom(bytes, available);

        using (reservation)
        {
            try
            {
                var served = await LoadAsync(entry, target, reservation, progress, cancellationToken).ConfigureAwait(false);
                backoff.Succeeded(entry.Info.Name);
                return new AcquireResult.Acquired(Lease(entry, target, served));
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested || error is not OperationCanceledException)
            {
                // A backend may cancel by itself: that is a failure like any other.
                backoff.Failed(entry.Info.Name, error.Message);
                return new AcquireResult.Failed(error);
            }
        }
    }

    private async ValueTask<ServedModel> LoadAsync(PoolEntry entry, LoadTarget target, MemoryReservation bytes, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        var (hasFixed, from) = entry.Loaded;
        IFixedPart? fixedPart = null;
        var fresh = new List<ILayerWeights>(target.Depth - from);
        long loadedBytes = 0;
        try
        {
            if (!hasFixed)
            {
                fixedPart = await backend.Loader.LoadFixedAsync(entry.Checkpoint, settings.Precision, bytes.Split(entry.Size.FixedBytes), cancellationToken).ConfigureAwait(false);
                loadedBytes += fixedPart.Bytes;
                progress?.Report(new LoadProgress(target, from, loadedBytes));
            }

            for (var layer = from; layer < target.Depth; layer++)
            {
                fresh.Add(await backend.Loader.LoadLayerAsync(entry.Checkpoint, layer, settings.Precision, bytes.Split(entry.Size.LayerBytes[layer]), cancellationToken).ConfigureAwait(false));
                loadedBytes += fresh[^1].Bytes;
                progress?.Report(new LoadProgress(target, layer + 1, loadedBytes));
            }

            return entry.Install(hasFixed ? null : () => (fixedPart!, backend.Compose(fixedPart!, kv, settings.MaxRows, bytes.Split(entry.WorkspaceBytes))), fresh);
        }
        catch
        {
            foreach (var layer in fresh) layer.Dispose();
            fixedPart?.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that a load may take: the budget less every weight on the device and the KV that must fit beside it, of the active point as of the target.</summary>
    /// <param name="target">What is to be loaded.</param>
    /// <param name="budgetBytes">The budget; the one in force when null.</param>
    public long BytesBesideWeights(LoadTarget target, long? budgetBytes = null) =>
        (budgetBytes ?? budget.Limit) - entries.Values.Sum(entry => entry.Census().Bytes) - Math.Max(KvFloor(target), memory.ForNext);

    /// <summary>Bytes that a target takes with one sequence of a usual length.</summary>
    public long BytesWithOneSequence(LoadTarget target)
    {
        var entry = Find(target.Model);
        return entry.Size.ToDepth(target.Depth) + entry.WorkspaceBytes + KvFloor(target);
    }

    /// <summary>The least bytes that any model can serve in, at its first exit.</summary>
    public long LeastBytes() => entries.Values.Min(entry => BytesWithOneSequence(new LoadTarget(entry.Info.Name, entry.Info.Exits[0].Depth)));

    /// <summary>KV that must fit beside a load for it to be of use: one sequence of a usual length.</summary>
    public long KvFloor(LoadTarget target)
    {
        var a = Find(target.Model).Info.Architecture;
        return memory.SlabBytesFor(KvParts.Of(a, target.Depth), Math.Min(a.ContextLength, settings.UsualContext));
    }
}

/// <summary>What holds for every model of a pool.</summary>
/// <param name="Precision">How weights are held.</param>
/// <param name="MaxRows">Most rows of a step.</param>
/// <param name="Budget">The budget.</param>
/// <param name="Time">Clock.</param>
internal sealed record PoolSettings(Precision Precision, int MaxRows, MemoryBudget Budget, TimeProvider Time)
{
    /// <summary>Tokens of the longest sequence that a load must leave KV for; longer ones are admitted as far as memory goes.</summary>
    public int UsualContext { get; init; } = 2048;
}
