using System.Runtime.CompilerServices;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Hosting.Composition;
using Helios.Sdk.Hosting.Requests;
using Helios.Sdk.Quantities;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk;

/// <summary>
/// An engine: a device thread that serves, and an adaptation loop that decides what it serves. Thread-safe. Dispose it once:
/// it drains, then frees every byte it took.
/// </summary>
public sealed class HeliosEngine : IHeliosClient, IAsyncDisposable, IDisposable
{
    private readonly EngineParts parts;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int stopped;

    internal HeliosEngine(EngineParts parts)
    {
        this.parts = parts;
        parts.Start();
    }

    /// <summary>The models, what is loaded of each, and the memory they take.</summary>
    public IModelPool Pool => parts.Device.Pool;

    /// <summary>
    /// Completes when the first model serves. Fails with <see cref="HeliosException"/> when none can; requests then fail alike.
    /// </summary>
    public Task Ready => parts.Adaptation.Loop.Ready;

    /// <summary>The latest decisions of the adaptation loop, oldest first; 256 are kept.</summary>
    public IReadOnlyList<AdaptationDecision> Decisions => parts.Adaptation.Journal.Decisions;

    /// <summary>What the engine is doing now.</summary>
    public EngineSnapshot Snapshot => parts.Snapshot();

    /// <summary>What every point must keep now.</summary>
    public ServiceLimits Limits => parts.Adaptation.Goals.Limits;

    /// <summary>What it is made of, for tests.</summary>
    internal EngineParts Parts => parts;

    /// <summary>Starts composing an engine.</summary>
    public static HeliosBuilder CreateBuilder() => new();

    /// <summary>
    /// Calls an observer for what the adaptation loop has done (the latest 256 events, before this returns) and for everything
    /// it does from now on, one call at a time and in order, on the adaptation loop's thread.
    /// </summary>
    /// <param name="observer">Must be quick, or the adaptation loop is late, and must not wait for the engine to stop; what it throws is logged.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Observe(Action<AdaptationEvent> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return parts.Adaptation.Journal.Subscribe(observer);
    }

    /// <summary>Asks for the candidates to be looked at again now; returns at once.</summary>
    public void Reassess() => parts.Serving.Telemetry.Signals.Send(new Adaptation.Telemetry.LoopSignal(AdaptationTrigger.Demand));

    /// <summary>
    /// Sets what "best" means from now on. The candidates are chosen anew, and one of their points is selected; what serves goes on
    /// serving meanwhile. An evaluation under way is interrupted for that, and goes on afterwards.
    /// </summary>
    /// <param name="objective">As in <see cref="AdaptationOptions.Objective"/>.</param>
    /// <param name="cancellationToken">Waits no longer; the objective is set all the same, unless another change of goals was still under way.</param>
    /// <returns>What was decided upon it.</returns>
    /// <exception cref="ArgumentException">No such objective, its limits are wrong, or it needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    public Task<AdaptationDecision> SetObjectiveAsync(string objective, CancellationToken cancellationToken = default)
    {
        CheckAdapts();
        return parts.Adaptation.Goals.SetObjectiveAsync(parts.Adaptation.ParseObjective(objective), cancellationToken);
    }

    /// <summary>Sets what every point must keep from now on, and selects one that does; else as <see cref="SetObjectiveAsync"/>.</summary>
    /// <param name="limits">All limits, as <c>engine.Limits with { MinAgreement = 0.9 }</c>.</param>
    /// <param name="cancellationToken">Waits no longer; the limits are set all the same.</param>
    /// <returns>What was decided upon them.</returns>
    /// <exception cref="ArgumentException">A limit is out of range, or needs a meter that is missing.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
    public Task<AdaptationDecision> SetLimitsAsync(ServiceLimits limits, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(limits);
        CheckAdapts();
        parts.Adaptation.Check(limits);
        return parts.Adaptation.Goals.SetLimitsAsync(limits, cancellationToken);
    }

    /// <summary>
    /// Sets the memory budget from now on, and selects a point for it. A smaller one is in force once everything fits: free and
    /// cached KV is given back, then that of the least urgent requests, which go on later; where that is not enough another point
    /// serves, and the former one goes when its last request has ended.
    /// </summary>
    /// <param name="bytes">Most bytes for weights, workspaces and KV together, above 0.</param>
    /// <param name="cancellationToken">Gives a smaller budget up, and the former one stays in force; a larger one is in force all the same.</param>
    /// <returns>That it is in force, or why it is not: the least that could serve does not fit, or cannot be brought up beside what serves.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is 0 or less.</exception>
    /// <exception cref="InvalidOperationException">The adaptation loop is off (<see cref="AdaptationOptions.Enabled"/>).</exception>
    /// <exception cref="HeliosException">The engine stops.</exception>
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
        var seed = request.Seed ?? Random.Shared.NextInt64();
        var running = new List<RunningRequest>(samples);
        IReadOnlyList<QueuePlace> places = [];
        Sequence? first = null;
        RequestTrace? Trace() => RequestTrace.Start(request, parts.Name, parts.Options.Telemetry.CaptureContent);
        try
        {
            places = await TakePlacesAsync(samples, cancellationToken).ConfigureAwait(false);
            // Its lease outlives it here, so that all samples run on what it ran on even if its answer is over at once.
            first = await parts.Door.OpenAsync(request with { Seed = seed }, cancellationToken).ConfigureAwait(false);
            first.HoldLease();
            running.Add(Start(first, places[0], Trace(), cancellationToken));
            if (samples > 1) await running[0].BeginAsync().ConfigureAwait(false);
            while (running.Count < samples)
            {
                var sample = await parts.Door.OpenSampleAsync(first, CounterRandom.SampleSeed(seed, running.Count), cancellationToken).ConfigureAwait(false);
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

    /// <summary>Scores a text teacher-forced: -ln p of every token after the first, at each depth asked for. Runs when serving leaves room.</summary>
    /// <param name="model">Name of a model of the pool.</param>
    /// <param name="tokenIds">Ids of its tokenizer; at least 1, at most its context.</param>
    /// <param name="depths">Depths, ascending, each from 1 to the model's layers; null scores all.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="ArgumentException">No such model, no tokens, an id outside the vocabulary, or a depth that is not to be had.</exception>
    /// <exception cref="HeliosException">The memory budget has no room for scoring, or a layer could not be read.</exception>
    public Task<SequenceScore> ScoreAsync(string model, IReadOnlyList<int> tokenIds, IReadOnlyList<int>? depths = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenIds);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);
        return parts.Lab.Scores.ScoreAsync(model, tokenIds, depths, cancellationToken);
    }

    /// <summary>
    /// Measures every model of the pool on this device and writes a model repository, for <see cref="AdaptationOptions.ModelRepository"/>:
    /// what steps cost, how long a request takes alone, and what each exit makes of some texts. Meant for an engine that serves
    /// nobody meanwhile, without adaptation.
    /// </summary>
    /// <param name="texts">Texts like those to be served; half of each is taken for the answer. None leaves quality and exits unknown.</param>
    /// <param name="path">The file to be written; a model repository that is there is replaced, and any other file left alone.</param>
    /// <param name="cancellationToken">Ends it; nothing is written then.</param>
    /// <returns>What each exit of each model is worth within the budget of this engine.</returns>
    /// <exception cref="HeliosException">A model does not fit the budget, or could not be loaded or scored.</exception>
    /// <exception cref="IOException">The file could not be written, or is there and is no model repository, which is found before anything is measured.</exception>
    public async Task<IReadOnlyList<PointProfile>> ProfileAsync(IReadOnlyList<string> texts, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);
        RepositoryFile.Format.RefuseOther(path);
        await Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        var (repository, profiles) = await parts.Lab.Profiling.RunAsync(texts, this, cancellationToken).ConfigureAwait(false);
        RepositoryFile.Write(path, repository);
        return profiles;
    }

    /// <summary>
    /// Certifies operating points on a calibration set: "at most 2 % of tokens differ from full depth, with 95 % confidence, for
    /// traffic like this", or says that none qualifies and why. Runs when serving leaves room.
    /// </summary>
    /// <param name="request">What is to be shown, and on what.</param>
    /// <param name="cancellationToken">Checked between layers and texts.</param>
    /// <exception cref="ArgumentException">The request asks for what is not to be had; the message says what was found and expected.</exception>
    /// <exception cref="HeliosException">The memory budget has no room, or a layer could not be read.</exception>
    public Task<CertificationReport> CertifyAsync(CertificationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);
        return parts.Lab.Certifier.RunAsync(request, cancellationToken);
    }

    /// <summary>The tokenizer of a model of the pool.</summary>
    /// <param name="model">Its name.</param>
    /// <exception cref="ArgumentException">No such model.</exception>
    public ITokenizer TokenizerOf(string model) => parts.Device.Pool.Find(model).Tokenizer;

    /// <summary>
    /// Stops: takes no more requests, lets the live ones end, aborts them when time is up, and frees all memory. Further calls
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

    /// <summary>Stops, with <see cref="ServingOptions.DrainTimeout"/> for live requests.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    /// <summary>The same for owners that cannot wait asynchronously; blocks until live requests have ended.</summary>
    public void Dispose() => StopAsync().GetAwaiter().GetResult();

    private void CheckAdapts()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);
        if (!parts.Adaptation.Loop.Adapts) throw new InvalidOperationException("The adaptation loop is off (Adaptation.Enabled): one point serves for good.");
    }

    /// <summary>A copy of a request, checked: what its caller does to its lists from here on changes nothing.</summary>
    private GenerationRequest Checked(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref stopped) == 1, this);
        request = request with
        {
            TokenIds = request.TokenIds?.ToArray(),
            Messages = request.Messages?.ToArray(),
            LogitBias = request.LogitBias?.ToDictionary(),
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
            return Start(await parts.Door.OpenAsync(request, cancellationToken).ConfigureAwait(false), place, trace, cancellationToken);
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
