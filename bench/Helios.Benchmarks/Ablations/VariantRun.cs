using System.Collections.Concurrent;
using System.Collections.Immutable;
using Helios.Cli.Events;
using Helios.Cli.Files;
using Helios.Cli.Running;
using Helios.Sdk;

namespace Helios.Benchmarks.Ablations;

/// <summary>Serves the traffic with a variant, from its first request, so that evaluation is in what is measured.</summary>
internal sealed class VariantRun(Variant variant, IReadOnlyList<PromptLine> prompts)
{
    public const int Concurrency = 64;

    private readonly ConcurrentBag<Served> answers = [];

    /// <summary>What was served, by number of the request.</summary>
    public IReadOnlyList<Served> Served => [.. answers.OrderBy(served => served.Arrival.Request)];

    public async Task<RunFigures> RunAsync(SamplePool pool)
    {
        await using var engine = variant.CreateBuilder(pool).Build();
        var events = new ConcurrentQueue<AdaptationEvent>();
        using var observing = engine.Observe(events.Enqueue);
        await engine.Ready;
        var started = TimeProvider.System.GetTimestamp();
        var busy = Environment.CpuUsage.TotalTime;
        await new LoadGenerator(Concurrency, TimeProvider.System).KeepGoingAsync(prompts.Count, (i, cancel) => SendAsync(engine, i, cancel), CancellationToken.None);
        return Figures(engine, TimeProvider.System.GetElapsedTime(started), Environment.CpuUsage.TotalTime - busy, [.. events]);
    }

    private async Task SendAsync(HeliosEngine engine, int number, CancellationToken cancellationToken)
    {
        var prompt = prompts[number];
        var result = await engine.GenerateAsync(GenerationRequest.FromText(prompt.Prompt) with { MaxTokens = prompt.MaxTokens }, cancellationToken);
        answers.Add(new Served(new Arrival(number, prompt, AtMs: 0, TimeSpan.Zero, IsWarmUp: false), result, result.Point!));
    }

    private RunFigures Figures(HeliosEngine engine, TimeSpan took, TimeSpan processor, ImmutableArray<AdaptationEvent> events)
    {
        var tokens = answers.Sum(served => served.Result.TokenIds.Count);
        var ttft = Percentiles.Of(answers.Select(served => served.TimeToFirstToken));
        var tpot = Percentiles.Of(answers.Where(served => served.Result.TokenIds.Count > 1).Select(served => served.Result.TimePerOutputToken));
        var changes = events.Select(DecisionOf).OfType<AdaptationDecision>().ToList();
        return new RunFigures
        {
            Tokens = tokens,
            Seconds = took.TotalSeconds,
            ProcessorMsPerToken = processor.TotalMilliseconds / tokens,
            TtftP50Ms = ttft.P50!.Value,
            TtftP95Ms = ttft.P95!.Value,
            TpotP50Ms = tpot.P50!.Value,
            TpotP95Ms = tpot.P95!.Value,
            MeanDepth = answers.Sum(served => served.Result.ExitDepths.Sum()) / (double)tokens,
            PeakBatch = engine.Snapshot.PeakBatch,
            EvaluationSeconds = events.OfType<AdaptationEvent.Evaluated>().Select(evaluated => evaluated.Took.TotalSeconds).DefaultIfEmpty().Max(),
            ScoringShare = engine.Snapshot.ScoringShare,
            StepShare = engine.Parts.Serving.Loop.State.BusySeconds / took.TotalSeconds,
            Decisions = engine.Decisions.Count,
            Changes = [.. changes.Select(decision => $"{decision.Previous} -> {decision.Chosen} ({decision.Trigger})")],
        };
    }

    private static AdaptationDecision? DecisionOf(AdaptationEvent happened) => happened switch
    {
        AdaptationEvent.Deepened deepened => deepened.Decision,
        AdaptationEvent.Switched switched => switched.Decision,
        _ => null,
    };
}
