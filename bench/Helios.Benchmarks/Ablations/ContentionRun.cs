using System.Collections.Concurrent;
using System.Collections.Immutable;
using Helios.Cli.Benching;
using Helios.Cli.Files;
using Helios.Cli.Running;
using Helios.Sdk;

namespace Helios.Benchmarks.Ablations;

/// <summary>
/// An engine under requests that arrive at random moments, alone, beside a process that keeps one thread for every two
/// processors busy, and alone again.
/// </summary>
internal sealed class ContentionRun(SamplePool pool, ContentionPlan plan, IReadOnlyList<PromptLine> prompts)
{
    private const int Seed = 1;

    private readonly ConcurrentBag<TimedAnswer> answers = [];
    private readonly ConcurrentBag<PaceSample> samples = [];

    public async Task<ContentionResults> RunAsync(string objective)
    {
        using var neighbour = new BusyProcess(Math.Max(1, Environment.ProcessorCount / 2));
        await using var engine = CreateBuilder(objective).Build();
        await engine.Ready;

        // Evaluated, selected and settled before the clock is at 0.
        var clock = new Clock(TimeProvider.System.GetUtcNow() + plan.WarmUp);
        var moments = Arrivals.Of(prompts, first: 0, plan.Rate, Seed)!.Value;
        using var ending = new CancellationTokenSource();
        var watching = WatchAsync(engine, clock, ending.Token);
        var switching = SwitchAsync(neighbour);
        await new LoadGenerator(concurrency: null, TimeProvider.System).ArriveAsync(
            [.. moments.TakeWhile(moment => moment < plan.WarmUp + 3 * plan.Part)], (i, late, cancel) => SendAsync(engine, prompts[i], clock, late, cancel), CancellationToken.None);
        await switching;
        await ending.CancelAsync();
        await watching;
        return new ContentionResults(objective, plan, [.. answers.OrderBy(answer => answer.EndedAt)], [.. samples.OrderBy(sample => sample.At)], DecisionsOf(engine, clock));
    }

    private HeliosBuilder CreateBuilder(string objective)
    {
        var builder = pool.CreateBuilder([SamplePool.Medium, SamplePool.Small]);
        return objective == ContentionPlan.FullDepth ? builder.ServeFixed() : builder.Optimize(objective).LimitQualityGap(plan.MaxQualityGap).Configure(options => options.Adaptation.MinimumGain = plan.MinimumGain);
    }

    private async Task SwitchAsync(BusyProcess neighbour)
    {
        await Task.Delay(plan.WarmUp + plan.Part);
        neighbour.Switch(on: true);
        await Task.Delay(plan.Part);
        neighbour.Switch(on: false);
    }

    /// <summary>What the engine makes of the machine, twice a second.</summary>
    private async Task WatchAsync(HeliosEngine engine, Clock clock, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var snapshot = engine.Snapshot;
                samples.Add(new PaceSample(clock.Seconds, $"{snapshot.Serving}", engine.Parts.Adaptation.Profiles.Candidates[0].Pace.Factor, snapshot.RunningSequences));
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task SendAsync(HeliosEngine engine, PromptLine prompt, Clock clock, TimeSpan late, CancellationToken cancellationToken)
    {
        var result = await engine.GenerateAsync(ToRequest(prompt), cancellationToken);
        answers.Add(new TimedAnswer(
            clock.Seconds,
            (late + result.TimeToFirstToken).TotalMilliseconds,
            result.TimePerOutputToken.TotalMilliseconds,
            result.TokenIds.Count,
            $"{result.Point}"));
    }

    private static ImmutableArray<TimedDecision> DecisionsOf(HeliosEngine engine, Clock clock) =>
        [.. engine.Decisions.Select(decision => new TimedDecision(
            clock.At(decision.At),
            $"{decision.Trigger}",
            $"{decision.Previous}",
            $"{decision.Chosen}",
            decision.Batch,
            decision.Reason))];

    private static GenerationRequest ToRequest(PromptLine prompt) => GenerationRequest.FromText(prompt.Prompt) with { MaxTokens = prompt.MaxTokens };

    /// <summary>Seconds since a moment, on the clock that decisions are stamped by.</summary>
    private readonly record struct Clock(DateTimeOffset Started)
    {
        public double Seconds => At(TimeProvider.System.GetUtcNow());

        public double At(DateTimeOffset moment) => (moment - Started).TotalSeconds;
    }
}
