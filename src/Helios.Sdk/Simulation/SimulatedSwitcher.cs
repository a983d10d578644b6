using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Simulation;

/// <summary>Brings points up in simulated time: the pool's back-off and budget, and loads that fail as the script says.</summary>
internal sealed class SimulatedSwitcher(SimulationScript script, SimulatedDevice device, SimulatedClock clock, ServingTelemetry telemetry, AdaptationJournal journal, AdaptationOptions options)
    : IPointSwitcher
{
    private readonly LoadBackoff backoff = new(clock);

    /// <inheritdoc/>
    public OperatingPoint? Present => device.Serving?.Point;

    /// <inheritdoc/>
    public double LoadBytesPerSecond { get; private set; } = 1e9;

    /// <inheritdoc/>
    public async Task<string?> ServeAsync(OperatingPoint point, int? maxBatch, CancellationToken cancellationToken)
    {
        var (route, refusal) = await LoadAsync(point).ConfigureAwait(false);
        if (route is null) return refusal;
        telemetry.BreachWatch = WatchOf(route);
        telemetry.Published(route);
        device.MaxBatch = maxBatch;
        device.Publish(route);
        return null;
    }

    /// <inheritdoc/>
    public void LimitBatch(int? maxBatch) => device.MaxBatch = maxBatch;

    /// <summary>Loads a point and claims it, or says why it cannot be had, as the journal does.</summary>
    public async Task<(SimulatedRoute? Route, string? Refusal)> LoadAsync(OperatingPoint point)
    {
        var target = point.Target;
        var model = device.Find(target.Model);
        var missing = model.BytesToLoad(target.Depth);
        if (missing > 0)
        {
            if (backoff.Check(target.Model) is { } wait) return Refuse(target, wait.Reason, wait.RetryAfter);
            if (missing > device.BytesBesideWeights) return Refuse(target, Invariant($"{missing} bytes are needed, {device.BytesBesideWeights} can be had"), null);
            journal.Tell(new AdaptationEvent.Loading(journal.Now, target, missing));

            device.LoadingBytes = missing;
            var seconds = missing / script.LoadBytesPerSecond;
            await clock.DelayAsync(seconds).ConfigureAwait(false);
            device.LoadingBytes = 0;
            if (script.LoadFaults.Any(fault => fault.Model == target.Model && fault.FromRequest <= device.Traffic.Made && device.Traffic.Made < fault.ToRequest))
                return Refuse(target, "the script lets it fail", backoff.Failed(target.Model, "the script lets it fail"));

            backoff.Succeeded(target.Model);
            LoadBytesPerSecond = script.LoadBytesPerSecond;
            journal.Tell(new AdaptationEvent.Loaded(journal.Now, target, missing, TimeSpan.FromSeconds(seconds)));
        }

        model.Claim(target.Depth);
        return (new SimulatedRoute(point, model), null);
    }

    /// <inheritdoc/>
    public long BytesToLoad(LoadTarget target) => device.Find(target.Model).BytesToLoad(target.Depth);

    /// <inheritdoc/>
    public long BytesWithOneSequence(LoadTarget target)
    {
        var model = device.Find(target.Model).Script;
        return model.FixedBytes + target.Depth * model.LayerBytes + model.WorkspaceBytes + (long)telemetry.Lengths.Total * model.KvBytesPerToken * target.Depth;
    }

    /// <inheritdoc/>
    public string? Unreachable(LoadTarget target)
    {
        var missing = BytesToLoad(target);
        if (missing == 0) return null;
        if (backoff.Check(target.Model) is { } wait) return Invariant($"it could not be loaded, and is left alone for {wait.RetryAfter.TotalSeconds:0.#} s: {wait.Reason}");
        return missing <= device.BytesBesideWeights ? null : Invariant($"{missing} bytes to load do not fit beside what serves, which leaves {Math.Max(0, device.BytesBesideWeights)}");
    }

    /// <inheritdoc/>
    public TimeSpan? RetryAfter(string model) => backoff.Check(model)?.RetryAfter;

    /// <inheritdoc/>
    public void RenewBreachWatch() => telemetry.BreachWatch = WatchOf(device.Serving!);

    private BreachWatch WatchOf(SimulatedRoute route) => new(route, route.Point, route.Model.Script.Layers, options, options.ConfidenceTarget);

    private (SimulatedRoute? Route, string? Refusal) Refuse(LoadTarget target, string reason, TimeSpan? retryAfter)
    {
        journal.Tell(new AdaptationEvent.LoadFailed(journal.Now, target, reason, retryAfter));
        return (null, reason);
    }
}
