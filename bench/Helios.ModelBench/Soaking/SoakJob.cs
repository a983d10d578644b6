using System.Collections.Immutable;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary>A soak from end to end: load the engine with random requests, see that it gives everything back, and that every answer was right.</summary>
internal sealed class SoakJob(SoakSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly ImmutableArray<string>.Builder wrong = ImmutableArray.CreateBuilder<string>();

    public async Task<SoakBenched> RunAsync(CancellationToken cancellationToken)
    {
        var models = new SoakModels(settings);
        var soaked = new SoakEngine(settings, models, time);
        var engine = soaked.Engine;
        var load = new SoakLoad(settings, models, engine, time);
        var memory = new ResidentWatch(time);
        EngineSnapshot snapshot;
        int changes;
        long strayBytes;
        await using (engine.ConfigureAwait(false))
        {
            await engine.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
            changes = await LoadAsync(engine, load, memory, cancellationToken).ConfigureAwait(false);
            await FinishEvaluationAsync(engine, cancellationToken).ConfigureAwait(false);
            strayBytes = await SettleAsync(engine, cancellationToken).ConfigureAwait(false);
            snapshot = engine.Snapshot;
        }

        var nativeBytes = BuiltInBackends.AllocatedBytes(soaked.Backend);
        Expect(nativeBytes == 0, Invariant($"{nativeBytes} native bytes are allocated after the engine was disposed"));
        Expect(engine.Pool.Snapshot.UsedBytes == 0, Invariant($"{engine.Pool.Snapshot.UsedBytes} bytes of the budget are taken after the engine was disposed"));
        JudgeMemory(memory);
        var streams = load.Streams.Kept;
        var differences = await new SoakReplay(settings, models).CompareAsync(streams, cancellationToken).ConfigureAwait(false);
        Expect(differences.IsEmpty || !settings.Device.Backend.IsExact, $"{differences.Length} of {streams.Length} streams differ from the same request alone, the first at {differences.FirstOrDefault()}");
        return new SoakBenched
        {
            Models = [.. models.All.Select(model => model.Name)],
            Device = soaked.Backend.Device.Description,
            Minutes = settings.Duration.TotalMinutes,
            BudgetBytes = models.BudgetBytes,
            Requests = load.Requests,
            Cancelled = load.Cancelled,
            Rejected = load.Rejected,
            Failed = load.Failures.Count,
            Tokens = load.Tokens,
            Preemptions = snapshot.Preemptions,
            Changes = changes,
            Points = [.. streams.Select(stream => stream.Point.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Ended = load.Streams.Count,
            Checked = streams.Length,
            Different = differences.Length,
            KvUsedBytes = snapshot.KvUsedBytes,
            StrayBytes = strayBytes,
            NativeBytes = nativeBytes,
            ResidentMiddleBytes = memory.Middle,
            ResidentEndBytes = memory.End,
            MostGrowth = SoakSettings.MostGrowth,
            Wrong = wrong.ToImmutable(),
        };
    }

    /// <summary>Returns how often the active point changed.</summary>
    private async Task<int> LoadAsync(HeliosEngine engine, SoakLoad load, ResidentWatch memory, CancellationToken cancellationToken)
    {
        var changes = 0;
        using var observing = engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.Switched or AdaptationEvent.Deepened) Interlocked.Increment(ref changes);
        });
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        giveUp.CancelAfter(settings.Duration + SoakSettings.Patience);
        var running = load.RunAsync(giveUp.Token);
        await memory.WatchAsync(running).ConfigureAwait(false);
        try
        {
            await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Expect(false, Invariant($"requests were still unanswered {SoakSettings.Patience.TotalSeconds:0} s after the last one was made"));
        }

        Expect(load.Failures.Count == 0, $"{load.Failures.Count} requests failed, the first so: {load.Failures.FirstOrDefault()}");
        return changes;
    }

    /// <summary>A candidate under evaluation stays loaded until it has had its requests, which a short soak may not have made.</summary>
    private async Task FinishEvaluationAsync(HeliosEngine engine, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (engine.Decisions.Count == 0 && time.GetElapsedTime(started) < SoakSettings.Patience)
            await engine.GenerateAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = 8 }, cancellationToken).ConfigureAwait(false);
        Expect(engine.Decisions.Count > 0, "the evaluation of the candidates did not come to an end");
    }

    /// <summary>Waits until nothing but the active point is held; returns the bytes of the budget that are neither weights nor KV slabs.</summary>
    private async Task<long> SettleAsync(HeliosEngine engine, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var (now, pool) = (engine.Snapshot, engine.Pool.Snapshot);
            var (leases, stray) = (pool.Models.Sum(model => model.Leases), pool.UsedBytes - pool.Models.Sum(model => model.LoadedBytes) - now.KvSlabBytes);
            if (now.RunningSequences == 0 && now.KvUsedBytes == 0 && leases == 1 && stray == 0) return 0;
            if (time.GetElapsedTime(started) > SoakSettings.Patience)
            {
                Expect(now.RunningSequences == 0, Invariant($"{now.RunningSequences} sequences still hold KV"));
                Expect(now.KvUsedBytes == 0, Invariant($"{now.KvUsedBytes} bytes of KV blocks are still in use"));
                Expect(leases == 1, Invariant($"there are {leases} claims on models; expected the one of the active point"));
                Expect(stray == 0, Invariant($"{stray} bytes of the budget are neither weights nor KV slabs"));
                return stray;
            }

            await Task.Delay(Glance, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void JudgeMemory(ResidentWatch memory) => Expect(
        settings.Duration < SoakSettings.ShortestJudged || memory.End <= memory.Middle * SoakSettings.MostGrowth,
        Invariant($"resident memory grew from {Units.Bytes(memory.Middle)} in the middle to {Units.Bytes(memory.End)} at the end, by more than {SoakSettings.MostGrowth} times"));

    private void Expect(bool holds, string otherwise)
    {
        if (!holds) wrong.Add(otherwise);
    }
}
