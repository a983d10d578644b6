using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// Brings an operating point up beside the present one and publishes it between steps. On any failure the present point
/// goes on serving. What is retired is freed when its last sequence ends. Belongs to the adaptation loop.
/// </summary>
internal sealed class PointSwitcher(ModelPool pool, Routes routes, ServingTelemetry telemetry, AdaptationJournal journal, SwitchSettings settings)
    : IPointSwitcher, IDisposable
{
    /// <summary>Where requests go; null before the first point serves.</summary>
    public Route? Serving => routes.Current?.Serving;

    /// <inheritdoc/>
    public OperatingPoint? Present => Serving?.Point;

    /// <inheritdoc/>
    public double LoadBytesPerSecond { get; private set; } = 1e9;

    /// <inheritdoc/>
    public async Task<string?> ServeAsync(OperatingPoint point, int? maxBatch, CancellationToken cancellationToken)
    {
        var (route, refusal) = await LoadAsync(point, cancellationToken).ConfigureAwait(false);
        if (route is not null) Publish(route, maxBatch);
        return refusal;
    }

    /// <inheritdoc/>
    public void LimitBatch(int? maxBatch)
    {
        if (routes.Current is not { } table || maxBatch == table.MaxBatch) return;
        routes.Publish(table.Serving, maxBatch: maxBatch);
        settings.Wake.Set();
    }

    /// <summary>Loads a point without publishing it, or says why it cannot be had, as the journal does.</summary>
    public async Task<(Route? Route, string? Refusal)> LoadAsync(OperatingPoint point, CancellationToken cancellationToken)
    {
        var missing = BytesToLoad(point.Target);
        if (missing > 0) journal.Publish(new AdaptationEvent.Loading(journal.Now, point.Target, missing));
        var started = settings.Time.GetTimestamp();
        var (lease, refusal) = await AcquireAsync(point.Target, cancellationToken).ConfigureAwait(false);
        if (lease is null) return (null, refusal);

        var took = settings.Time.GetElapsedTime(started);
        if (missing > 0)
        {
            LoadBytesPerSecond = missing / Math.Max(took.TotalSeconds, 1e-6);
            journal.Loaded(point.Target, missing, took);
        }

        try
        {
            return (new Route(point, lease, settings.Policies.Find(point.ExitPolicy)) { KvFloor = pool.KvFloor(point.Target) }, null);
        }
        catch
        {
            // A policy of the host's own threw.
            lease.Dispose();
            throw;
        }
    }

    private async Task<(ModelLease? Lease, string? Refusal)> AcquireAsync(LoadTarget target, CancellationToken cancellationToken)
    {
        try
        {
            var result = await settings.Loads.WaitAsync(
                $"Loading {target}",
                (progress, token) => pool.AcquireAsync(target, progress, token).AsTask(),
                late => (late as AcquireResult.Acquired)?.Lease.Dispose(),
                cancellationToken).ConfigureAwait(false);
            return result is AcquireResult.Acquired { Lease: ModelLease lease } ? (lease, null) : (null, Publish(Refusal(target, result)));
        }
        catch (TimeoutException error)
        {
            return (null, Publish(new AdaptationEvent.LoadFailed(journal.Now, target, error.Message, pool.LeaveAlone(target.Model, error.Message))));
        }
    }

    private string Publish(AdaptationEvent.LoadFailed failed)
    {
        journal.Publish(failed);
        return failed.Reason;
    }

    /// <summary>New requests go to <paramref name="route"/> from the next step on; the guard starts from nothing.</summary>
    public void Publish(Route route, int? maxBatch = null)
    {
        var retired = Serving;
        telemetry.BreachWatch = settings.Options.Enabled ? WatchOf(route) : null;
        telemetry.Published(route);
        routes.Publish(route, maxBatch: maxBatch);
        if (!ReferenceEquals(retired?.Lease, route.Lease)) retired?.Lease.Dispose();

        // Woken last, so that who waits for memory finds what the retired point gave back.
        settings.Wake.Set();
    }

    /// <summary>The next few requests go to a candidate; what is returned says whether more of them may come.</summary>
    public EvaluationRoute Evaluate(Route route, int requests)
    {
        var evaluation = new EvaluationRoute(route, requests);
        var table = routes.Current!;
        routes.Publish(table.Serving, evaluation, table.MaxBatch);
        settings.Wake.Set();
        return evaluation;
    }

    /// <summary>No candidate takes requests any more.</summary>
    public void EndEvaluation() => routes.Publish(routes.Current!.Serving, maxBatch: routes.Current.MaxBatch);

    /// <inheritdoc/>
    public void RenewBreachWatch() => telemetry.BreachWatch = WatchOf(Serving!);

    /// <inheritdoc/>
    public long BytesToLoad(LoadTarget target)
    {
        var entry = pool.Find(target.Model);
        var (hasFixed, layers) = entry.Loaded;
        if (!hasFixed) return entry.Size.ToDepth(target.Depth) + entry.WorkspaceBytes;
        return Math.Max(0, entry.Size.ToDepth(target.Depth) - entry.Size.ToDepth(layers));
    }

    /// <summary>
    /// Why a target cannot be brought up beside the active point; null when it can. Both are on the device until the last old
    /// sequence has ended, and one sequence of a usual length must still fit.
    /// </summary>
    public string? Unreachable(LoadTarget target)
    {
        var missing = BytesToLoad(target);
        if (missing == 0) return null;
        if (pool.Find(target.Model).StaleBecause is { } stale) return $"no more of it can be loaded: {stale}";
        if (pool.BackingOff(target.Model) is { } wait) return Invariant($"it could not be loaded, and is not tried again for {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}");
        var left = pool.BytesBesideWeights(target);
        return missing <= left ? null : Invariant($"{missing} bytes to load do not fit beside the active point, which leaves {Math.Max(0, left)}");
    }

    /// <summary>Whether a target fits beside the active point in a budget, which may be one that the engine is still on its way to.</summary>
    public bool FitsBeside(LoadTarget target, long budgetBytes) => BytesToLoad(target) <= pool.BytesBesideWeights(target, budgetBytes);

    /// <inheritdoc/>
    public long BytesWithOneSequence(LoadTarget target) => pool.BytesWithOneSequence(target);

    /// <inheritdoc/>
    public TimeSpan? RetryAfter(string model) => pool.RetryAfter(model);

    public void Dispose() => Serving?.Lease.Dispose();

    private BreachWatch WatchOf(Route route) => new(route, settings.Options, settings.Goals.Limits.ConfidenceTarget);

    private AdaptationEvent.LoadFailed Refusal(LoadTarget target, AcquireResult result) => result switch
    {
        AcquireResult.NoRoom room => new(journal.Now, target, Invariant($"{room.NeededBytes} bytes are needed, {room.FreeBytes} are available"), null),
        AcquireResult.BackingOff wait => new(journal.Now, target, wait.Reason, wait.RetryAfter),
        AcquireResult.Failed failed => new(journal.Now, target, failed.Error.Message, RetryAfter(target.Model)),
        _ => throw new InvalidOperationException($"Unknown result {result}."),
    };
}

/// <summary>What holds for every switch.</summary>
/// <param name="Options">Breach window and limit.</param>
/// <param name="Goals">Confidence below which a token of what is published next is a breach.</param>
/// <param name="Policies">The per-token exit policies there are.</param>
/// <param name="Loads">Most time for a load.</param>
/// <param name="Wake">Wakes the serving loop.</param>
/// <param name="Time">Clock.</param>
internal sealed record SwitchSettings(AdaptationOptions Options, Goals Goals, ExitPolicyCatalog Policies, LoadLimit Loads, WakeSignal Wake, TimeProvider Time);
