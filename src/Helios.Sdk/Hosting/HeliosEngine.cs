using System.Runtime.CompilerServices;
using Helios.Sdk.Hosting.Composition;
using Helios.Sdk.Hosting.Requests;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Helios.Sdk.Quantities;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Telemetry;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk;

/// <summary>
/// An engine: a device thread that serves, and an adaptation loop that chooses the operating point. It implements the client
/// (<see cref="IHeliosClient"/>) and its control (<see cref="IHeliosControl"/>). Thread-safe. Dispose it once: it drains, and then
/// frees all its memory.
/// </summary>
public sealed class HeliosEngine : IHeliosClient, IHeliosControl, IAsyncDisposable, IDisposable
{
    private readonly EngineParts parts;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int stopped;

    internal HeliosEngine(EngineParts parts)
    {
        this.parts = parts;
        Lab = new HeliosLab(this, parts.Lab);
        parts.Start();
    }

    /// <inheritdoc/>
    public IModelPool Pool => parts.Device.Pool;

    /// <inheritdoc/>
    public Task Ready => parts.Adaptation.Loop.Ready;

    /// <inheritdoc/>
    public IReadOnlyList<AdaptationDecision> Decisions => parts.Adaptation.Journal.Decisions;

    /// <inheritdoc/>
    public EngineSnapshot Snapshot => parts.Snapshot();

    /// <inheritdoc/>
    public ServiceLimits Limits => parts.Adaptation.Goals.Limits;

    /// <summary>Measures the engine's models on demand.</summary>
    public HeliosLab Lab { get; }

    /// <summary>What it is made of, for tests.</summary>
    internal EngineParts Parts => parts;

    /// <summary>Starts to build an engine.</summary>
    public static HeliosBuilder CreateBuilder() => new();

    /// <inheritdoc/>
    public IDisposable Observe(Action<AdaptationEvent> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return parts.Adaptation.Journal.Subscribe(observer);
    }

    /// <inheritdoc/>
    public void Reassess() => parts.Serving.Telemetry.Signals.Send(new Adaptation.Telemetry.LoopSignal(AdaptationTrigger.Demand));

    /// <inheritdoc/>
    public Task<AdaptationDecision> SetObjectiveAsync(string objective, CancellationToken cancellationToken = default)
    {
        CheckAdapts();
        return parts.Adaptation.Goals.SetObjectiveAsync(parts.Adaptation.ParseObjective(objective), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<AdaptationDecision> SetObjectiveAsync(ISloObjective objective, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        CheckAdapts();
        parts.Adaptation.Check(objective);
        return parts.Adaptation.Goals.SetObjectiveAsync(objective, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<AdaptationDecision> SetLimitsAsync(ServiceLimits limits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(limits);
        CheckAdapts();
        parts.Adaptation.Check(limits);
        return parts.Adaptation.Goals.SetLimitsAsync(limits, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BudgetChange> SetMemoryBudgetAsync(long bytes, CancellationToken cancellationToken = default)
    {
        if (bytes < 1) throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"A memory budget is at least 1 byte. {ByteSize.Overflow}");
        CheckAdapts();
        return parts.Adaptation.Goals.SetBudgetAsync(bytes, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        request = Checked(request);
        return StreamCoreAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        request = Checked(request);
        var running = await SubmitAsync(request, cancellationToken).ConfigureAwait(false);
        await using (running.ConfigureAwait(false)) return await ReadAsync(running).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GenerationResult>> GenerateAsync(GenerationRequest request, int samples, CancellationToken cancellationToken = default)
    {
        request = Checked(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        var most = (long)parts.Options.Serving.MaxQueueLength + parts.Options.Serving.MaxBatchSize;
        if (samples > most) throw new ArgumentOutOfRangeException(nameof(samples), samples, Invariant($"At most {most} can wait and run at once (Serving.MaxQueueLength and Serving.MaxBatchSize)."));
        var arrivedAt = parts.Time.GetTimestamp();
        var seed = request.Sampling.Seed ?? Random.Shared.NextInt64();
        var running = new List<RunningRequest>(samples);
        IReadOnlyList<QueuePlace> places = [];
        Sequence? first = null;
        RequestTrace? Trace() => RequestTrace.Start(request, parts.Name, parts.Options.Telemetry.CaptureContent);
        try
        {
            places = await TakePlacesAsync(samples, cancellationToken).ConfigureAwait(false);
            // Its lease outlives it here, so that all samples run on what it ran on even if its answer is over at once.
            first = await parts.Sequences.CreateAsync(request with { Sampling = request.Sampling with { Seed = seed } }, cancellationToken).ConfigureAwait(false);
            first.HoldLease();
            running.Add(Start(first, places[0], Trace(), cancellationToken));
            if (samples > 1) await running[0].BeginAsync().ConfigureAwait(false);
            while (running.Count < samples)
            {
                var sample = await parts.Sequences.CreateSampleAsync(first, CounterRandom.SampleSeed(seed, running.Count), cancellationToken).ConfigureAwait(false);
                running.Add(Start(sample, places[running.Count], Trace(), cancellationToken));
            }

            var results = new List<GenerationResult>(samples);
            foreach (var one in running) results.Add(await ReadAsync(one).ConfigureAwait(false));
            return results;
        }
        catch (Exception error)
        {
            for (var i = running.Count; i < samples; i++) TurnAway(request, Trace(), arrivedAt, error);
            throw;
        }
        finally
        {
            foreach (var one in running) await one.DisposeAsync().ConfigureAwait(false);
            first?.ReleaseLease();
            foreach (var place in places) place.Leave();
        }
    }

    /// <summary>The tokenizer of a model of the pool.</summary>
    /// <param name="model">Its name.</param>
    /// <exception cref="ArgumentException">No such model.</exception>
    public ITokenizer TokenizerOf(string model) => parts.Device.Pool.Find(model).Tokenizer;

    /// <summary>
    /// Stops: accepts no more requests, lets live requests end, aborts them after the timeout, and frees all memory. Further calls
    /// wait for the first.
    /// </summary>
    /// <param name="cancellationToken">Aborts live requests at once.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0)
        {
            await ended.Task.ConfigureAwait(false);
            return;
        }

        try
        {
            await parts.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ended.SetResult();
        }
    }

    /// <summary>Stops the engine; live requests have <see cref="ServingOptions.DrainTimeout"/> to end.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    /// <summary>Like <see cref="DisposeAsync"/>, but blocks until live requests have ended.</summary>
    public void Dispose() => StopAsync().GetAwaiter().GetResult();

    /// <exception cref="ObjectDisposedException">It was stopped.</exception>
    internal void RequireRunning() => ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);

    private void CheckAdapts()
    {
        RequireRunning();
        if (!parts.Adaptation.Loop.Adapts) throw new InvalidOperationException("The adaptation loop is off (Adaptation.Enabled): the operating point is fixed.");
    }

    /// <summary>A copy of a request, checked: what its caller does to its lists from here on changes nothing. Of lists that are too long no more is copied than shows it.</summary>
    private GenerationRequest Checked(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireRunning();
        request = request with
        {
            Sampling = (request.Sampling is { } sampling ? sampling with { LogitBias = sampling.LogitBias?.ToDictionary(), LogitsProcessors = sampling.LogitsProcessors?.ToArray()! } : null)!,
            Stop = request.Stop?.Take(RequestRules.MostStops + 1).ToArray()!,
            StopTokenIds = request.StopTokenIds?.Take(RequestRules.MostStopTokenIds + 1).ToArray()!,
        };
        try
        {
            RequestRules.Check(request);
            return request;
        }
        catch (ArgumentException error)
        {
            parts.Serving.Metrics.TurnedAway(request, parts.Time.GetTimestamp(), error);
            throw;
        }
    }

    private async IAsyncEnumerable<GenerationUpdate> StreamCoreAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var running = await SubmitAsync(request, cancellationToken).ConfigureAwait(false);
        await using (running.ConfigureAwait(false))
        {
            while (await running.NextAsync().ConfigureAwait(false) is { } update) yield return update;
        }
    }

    private async Task<RunningRequest> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        var arrivedAt = parts.Time.GetTimestamp();
        var trace = RequestTrace.Start(request, parts.Name, parts.Options.Telemetry.CaptureContent);
        QueuePlace? place = null;
        try
        {
            place = (await TakePlacesAsync(1, cancellationToken).ConfigureAwait(false))[0];
            return Start(await parts.Sequences.CreateAsync(request, cancellationToken).ConfigureAwait(false), place, trace, cancellationToken);
        }
        catch (Exception error)
        {
            place?.Leave();
            TurnAway(request, trace, arrivedAt, error);
            throw;
        }
    }

    /// <summary>It ended without ever being queued.</summary>
    private void TurnAway(GenerationRequest request, RequestTrace? trace, long arrivedAt, Exception error)
    {
        trace?.TurnAway(error);
        parts.Serving.Metrics.TurnedAway(request, arrivedAt, error);
    }

    /// <summary>Places in the queue, all or none; each is given back when its request starts or ends.</summary>
    private async ValueTask<IReadOnlyList<QueuePlace>> TakePlacesAsync(int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Ready.IsFaulted) await Ready.ConfigureAwait(false);
        if (parts.Serving.Loop.Queue.TryTake(count) is { } places) return places;
        // Who is turned away is demand all the same.
        for (var i = 0; i < count; i++) parts.Serving.Telemetry.RequestArrived(int.MaxValue);
        var waiting = parts.Serving.Loop.Queue.Waiting;
        var asked = count == 1 ? "" : Invariant($"{count} answers to one request take as many places, and ");
        throw parts.Serving.Loop.Busy(Invariant($"{asked}{waiting} requests wait to be started already; Serving.MaxQueueLength is {parts.Options.Serving.MaxQueueLength}."), waiting);
    }

    private RunningRequest Start(Sequence sequence, QueuePlace place, RequestTrace? trace, CancellationToken cancellationToken)
    {
        sequence.Place = place;
        return new RunningRequest(sequence, parts.Serving.Loop, parts.Time, trace, cancellationToken);
    }

    private static async Task<GenerationResult> ReadAsync(RunningRequest running)
    {
        await running.EndAsync().ConfigureAwait(false);
        var text = new System.Text.StringBuilder();
        FinishReason? finish = null;
        while (await running.NextAsync().ConfigureAwait(false) is { } update)
        {
            text.Append(update.Text);
            finish = update.FinishReason ?? finish;
        }

        return running.ToResult(text.ToString(), finish!.Value);
    }
}
