using System.Collections.Concurrent;
using Helios.Cli.Engines;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Energy;

namespace Helios.Cli.Running;

/// <summary>The serving part of a run: sends the prompts to an engine and records what comes of each.</summary>
internal sealed class ServingPart(RunSettings settings, EventLog log, TimeProvider time)
{
    private readonly ConcurrentBag<Served> completed = [];
    private readonly ConcurrentBag<Unserved> unserved = [];

    /// <summary>Serves all prompts, or as many as there are before it is cancelled.</summary>
    public async Task<ServedRun> RunAsync(PoolFile pool, IReadOnlyList<PromptLine> prompts, CancellationToken cancellationToken)
    {
        var arrivals = Arrivals.Of(prompts, settings.WarmUp, settings.Rate, settings.Seed);
        var engine = settings.CreateBuilder(pool).Build();
        using var observing = engine.Observe(log.Add);
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var load = new LoadGenerator(settings.Concurrency, time);
            Task ServeAsync(int number, double atMs, TimeSpan late, CancellationToken cancel) =>
                SendAsync(engine, new Arrival(number, prompts[number], atMs, late, number < settings.WarmUp), cancel);
            Task KeepGoingAsync(int first, int end) =>
                load.KeepGoingAsync(end - first, (i, cancel) => ServeAsync(first + i, log.NowMs, TimeSpan.Zero, cancel), cancellationToken);

            var started = time.GetTimestamp();
            var energy = engine.Snapshot.Energy;
            try
            {
                await KeepGoingAsync(0, settings.WarmUp).ConfigureAwait(false);
                started = time.GetTimestamp();
                energy = engine.Snapshot.Energy;
                var startedMs = log.NowMs;
                await (arrivals is { } due
                    ? load.ArriveAsync(due, (i, late, cancel) => ServeAsync(settings.WarmUp + i, startedMs + due[i].TotalMilliseconds, late, cancel), cancellationToken)
                    : KeepGoingAsync(settings.WarmUp, prompts.Count)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // What is there is worth a summary.
            }

            var took = time.GetElapsedTime(started);
            return ToRun(engine, took, energy);
        }
    }

    private ServedRun ToRun(HeliosEngine engine, TimeSpan took, EnergyReading before)
    {
        var snapshot = engine.Snapshot;
        return new ServedRun
        {
            Completed = [.. completed.OrderBy(served => served.Arrival.Request)],
            Unserved = [.. unserved.OrderBy(request => request.Arrival.Request)],
            Samples = engine.Pool.Snapshot.Models.Any(model => (settings.Temperature ?? model.Info.Sampling.Temperature) > 0),
            Took = took,
            PeakBytes = engine.Pool.Snapshot.PeakBytes,
            MaxBatch = snapshot.PeakBatch,
            Energy = snapshot.Energy.Joules - before.Joules is { } joules
                ? EnergyReading.Of(joules)
                : EnergyReading.Unavailable(snapshot.Energy.UnavailableBecause ?? before.UnavailableBecause!),
            EnergySource = snapshot.EnergySource,
            EnergyIsEstimate = snapshot.EnergyIsEstimate,
        };
    }

    private async Task SendAsync(HeliosEngine engine, Arrival arrival, CancellationToken cancellationToken)
    {
        try
        {
            var result = await engine.GenerateAsync(ToRequest(arrival.Prompt), cancellationToken).ConfigureAwait(false);
            if (result.FinishReason != FinishReason.Aborted && result.Point is { } point) Record(new Served(arrival, result, point));
            else Record(new Unserved(arrival, "The answer was aborted.", IsRejected: false));
        }
        catch (OperationCanceledException)
        {
            Record(new Unserved(arrival, "Cancelled.", IsRejected: false));
        }
        catch (Exception error) when (error is ArgumentException or HeliosException)
        {
            Record(new Unserved(arrival, error is ArgumentException wrong ? EngineOptions.Describe(wrong) : error.Message, error is ServerBusyException));
        }
    }

    private void Record(Served served)
    {
        if (!served.Arrival.IsWarmUp) completed.Add(served);
        log.Add(served);
    }

    private void Record(Unserved request)
    {
        if (!request.Arrival.IsWarmUp) unserved.Add(request);
        log.Add(request);
    }

    private GenerationRequest ToRequest(PromptLine prompt) => GenerationRequest.FromText(prompt.Prompt) with
    {
        MaxTokens = prompt.MaxTokens,
        Tenant = prompt.Tenant,
        Priority = prompt.Priority,
        Sampling = new() { Temperature = settings.Temperature },
        IgnoreEndOfSequence = settings.IgnoreEndOfSequence,
    };
}
