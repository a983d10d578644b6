using System.Collections.Immutable;
using Helios.ModelBench.Soaking;
using Helios.Sdk;
using Helios.Sdk.Testing;

namespace Helios.ModelBench.Endurance;

/// <summary>An endurance run from end to end.</summary>
internal sealed class EnduranceJob(EnduranceSettings settings, TimeProvider time)
{
    private const int Quarters = 4;

    /// <summary>Holds both models and the KV of some of the clients.</summary>
    private const long BudgetBytes = 128 << 10;
    private const long SlabBytes = 8 << 10;
    private static readonly TimeSpan Restlessness = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly ImmutableArray<string>.Builder wrong = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<long>.Builder heap = ImmutableArray.CreateBuilder<long>();
    private int changes;

    public async Task<EnduranceBenched> RunAsync(CancellationToken cancellationToken)
    {
        using var world = new EnduranceWorld();
        using var backend = new FaultyBackend(new ScriptedBackend(world.Models), settings.Seed);
        var engine = Compose(world, backend);
        var load = new EnduranceLoad(world, engine, settings);
        var disturbance = new Disturbance(engine, BudgetBytes, settings.Seed);
        var memory = new ResidentWatch(time);
        var started = time.GetTimestamp();
        EngineSnapshot snapshot;
        await using (engine.ConfigureAwait(false))
        {
            using var observing = engine.Observe(happened =>
            {
                if (happened is AdaptationEvent.Switched or AdaptationEvent.Deepened) Interlocked.Increment(ref changes);
            });
            await engine.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
            backend.Rate = EnduranceSettings.FaultRate;
            await LoadAsync(load, disturbance, memory, cancellationToken).ConfigureAwait(false);
            snapshot = engine.Snapshot;
        }

        var lost = settings.Requests - load.Answered - load.Left - load.Cancelled - load.Rejected - load.Unloaded - load.Failures.Count;
        var leftBytes = engine.Pool.Snapshot.UsedBytes;
        Expect(lost == 0, Invariant($"{lost} requests never ended"));
        Expect(load.Failures.Count == 0, $"{load.Failures.Count} requests failed, the first so: {load.Failures.FirstOrDefault()}");
        Expect(load.Wrong.Count == 0, $"{load.Wrong.Count} answers are wrong, the first so: {load.Wrong.FirstOrDefault()}");
        Expect(leftBytes == 0, Invariant($"{leftBytes} bytes of the budget are taken after the engine was disposed"));
        Expect(settings.Requests < EnduranceSettings.FewestJudged || heap[^1] <= heap[0] * EnduranceSettings.MostGrowth, Invariant($"the managed heap grew from {heap[0]} to {heap[^1]} bytes"));
        return new EnduranceBenched
        {
            Requests = settings.Requests,
            Seconds = time.GetElapsedTime(started).TotalSeconds,
            Answered = load.Answered,
            Left = load.Left,
            Cancelled = load.Cancelled,
            Rejected = load.Rejected,
            Unloaded = load.Unloaded,
            Failed = load.Failures.Count,
            Lost = lost,
            WrongAnswers = load.Wrong.Count,
            Tokens = load.Tokens,
            Preemptions = snapshot.Preemptions,
            Changes = changes,
            Disturbances = disturbance.Changes,
            FailedLoads = backend.FailedLoads,
            FailedSlabs = backend.FailedSlabs,
            HeapBytes = heap.ToImmutable(),
            ResidentMiddleBytes = memory.Middle,
            ResidentEndBytes = memory.End,
            LeftBytes = leftBytes,
            Wrong = wrong.ToImmutable(),
        };
    }

    private HeliosEngine Compose(EnduranceWorld world, FaultyBackend backend) => HeliosEngine.CreateBuilder()
        .UseBackend(() => backend)
        .UseMemoryBudget(BudgetBytes)
        .UseStrategy<ISloObjective>(() => new RestlessObjective(Restlessness, time))
        .Optimize("restless").LimitQualityGap(null)
        .EvaluateCandidates(world.Models.Count, requestsPerCandidate: 5)
        .Reassess(everyRequests: 200)
        .Configure(options =>
        {
            foreach (var model in world.Models) options.Models.Add(new ModelSource(model.Name, model.Path));
            options.Serving.KvSlabBytes = SlabBytes;
            options.Serving.ExitPolicy = "top1:0.9";
            options.Adaptation.MinimumGain = 0;
            options.Adaptation.MinimumResidenceRequests = 0;
            options.Adaptation.MinimumResidence = TimeSpan.Zero;
            options.Adaptation.MaxLoadShare = 1;
            options.Adaptation.ConfidenceTarget = 0.2;
        })
        .Build();

    /// <summary>Watches until all requests have ended, or none has for a while.</summary>
    private async Task LoadAsync(EnduranceLoad load, Disturbance disturbance, ResidentWatch memory, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var calm = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var disturbing = disturbance.RunAsync(calm.Token);
        var running = load.RunAsync(giveUp.Token);
        var watching = memory.WatchAsync(running);
        var (made, since) = (0L, time.GetTimestamp());
        while (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(Glance, time, cancellationToken)).ConfigureAwait(false);
            while (heap.Count < Quarters - 1 && load.Made >= settings.Requests / Quarters * (heap.Count + 1)) heap.Add(GC.GetTotalMemory(forceFullCollection: true));
            if (load.Made != made) (made, since) = (load.Made, time.GetTimestamp());
            else if (time.GetElapsedTime(since) > EnduranceSettings.Patience) await giveUp.CancelAsync().ConfigureAwait(false);
        }

        await watching.ConfigureAwait(false);
        await calm.CancelAsync().ConfigureAwait(false);
        await disturbing.WaitAsync(EnduranceSettings.Patience, time, cancellationToken).ConfigureAwait(false);
        try
        {
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Expect(false, Invariant($"nothing was answered for {EnduranceSettings.Patience.TotalSeconds:0} s"));
        }

        while (heap.Count < Quarters) heap.Add(GC.GetTotalMemory(forceFullCollection: true));
    }

    private void Expect(bool holds, string otherwise)
    {
        if (!holds) wrong.Add(otherwise);
    }
}
