using System.Collections.Concurrent;
using Helios.Cli.Commands;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>The serving part of a run: sends the prompts to an engine and records what comes of each.</summary>
internal sealed class ServingPart(RunSettings settings, EventLog log, TimeProvider time)
{
    private readonly ConcurrentBag<Served> completed = [];
    private int failed;
    private string? firstFailure;

    /// <summary>Serves all prompts, or as many as there are before it is cancelled.</summary>
    public async Task<ServedRun> RunAsync(PoolFile pool, IReadOnlyList<PromptLine> prompts, CancellationToken cancellationToken)
    {
        var engine = settings.CreateBuilder(pool).Build();
        using var observing = engine.Observe(log.Add);
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var load = new LoadGenerator(settings.Rate, settings.Concurrency, settings.Seed, time);
            var started = time.GetTimestamp();
            try
            {
                await load.RunAsync(prompts.Count, (i, cancel) => SendAsync(engine, i, prompts[i], cancel), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // What is there is worth a summary.
            }

            var took = time.GetElapsedTime(started);
            return ToRun(engine, took);
        }
    }

    private ServedRun ToRun(HeliosEngine engine, TimeSpan took) => new()
    {
        Completed = [.. completed.OrderBy(served => served.Request)],
        Failed = failed,
        FirstFailure = firstFailure,
        Took = took,
        PeakBytes = engine.Pool.Snapshot.PeakBytes,
        MaxBatch = engine.Snapshot.PeakBatch,
    };

    private async Task SendAsync(HeliosEngine engine, int number, PromptLine prompt, CancellationToken cancellationToken)
    {
        try
        {
            var result = await engine.GenerateAsync(ToRequest(prompt), cancellationToken).ConfigureAwait(false);
            if (result.FinishReason != FinishReason.Aborted && result.Point is { } point) Complete(new Served(number, prompt, result, point));
            else Fail(number, prompt, "The answer was aborted.");
        }
        catch (OperationCanceledException)
        {
            Fail(number, prompt, "Cancelled.");
        }
        catch (Exception error) when (error is ArgumentException or HeliosException)
        {
            Fail(number, prompt, error.Message);
        }
    }

    private void Complete(Served served)
    {
        completed.Add(served);
        log.Add(served);
    }

    private void Fail(int number, PromptLine prompt, string reason)
    {
        Interlocked.Increment(ref failed);
        Interlocked.CompareExchange(ref firstFailure, reason, null);
        log.AddFailed(number, prompt.Tenant, reason);
    }

    private GenerationRequest ToRequest(PromptLine prompt) => new()
    {
        Prompt = prompt.Prompt,
        MaxTokens = prompt.MaxTokens,
        Tenant = prompt.Tenant,
        IgnoreEndOfSequence = settings.IgnoreEndOfSequence,
    };
}
