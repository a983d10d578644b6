using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Energy;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>
/// Measures the models of a pool one after another, as a candidate is measured that answers live requests: the cost of its
/// steps, a few requests alone, and texts scored at every exit. What it learns it keeps to itself and writes to a repository.
/// </summary>
internal sealed class OfflineProfiling(ProfilingParts parts)
{
    private const int PromptTokens = 32;
    private const int AnswerTokens = 32;
    private const int TimedRequests = 5;

    /// <summary>Measures.</summary>
    /// <param name="texts">Texts to score; none leaves quality and exits unknown.</param>
    /// <param name="client">Answers requests.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HeliosException">A model does not fit the budget, or could not be loaded or scored.</exception>
    public async Task<(ModelRepository Repository, IReadOnlyList<PointProfile> Profiles)> RunAsync(IReadOnlyList<string> texts, IHeliosClient client, CancellationToken cancellationToken)
    {
        var finished = Finish(texts);
        var candidates = new List<Candidate>();
        var records = ImmutableArray.CreateBuilder<ModelRecord>();
        foreach (var entry in parts.Pool.Entries)
        {
            var candidate = new Candidate(
                entry.Facts with { Confidence = new(Calibration.FromSidecar(entry.Info)) },
                new AdaptationOptions { Candidates = 1, RequestsPerCandidate = Math.Max(1, finished.Count) });
            var alone = await MeasureAsync(candidate, entry, finished, client, cancellationToken).ConfigureAwait(false);
            candidates.Add(candidate);
            records.Add(candidate.Describe(parts.Site.KeyOf(entry.Info), parts.Journal.Now) with { Alone = alone, Watts = parts.Energy.MeasureWatts() });
        }

        return (new ModelRepository(records.ToImmutable()), new Profiles(candidates, parts.Telemetry, parts.Profiles).Reckon());
    }

    private async Task<AloneTimes> MeasureAsync(Candidate candidate, PoolEntry entry, List<FinishedText> texts, IHeliosClient client, CancellationToken cancellationToken)
    {
        using var lease = await AcquireAsync(entry, cancellationToken).ConfigureAwait(false);
        foreach (var timing in await parts.Probe.MeasureAsync(lease, parts.MaxBatch, cancellationToken).ConfigureAwait(false)) candidate.Observe(timing);

        parts.Telemetry.TakeSteps();
        var alone = await TimeAsync(entry, texts, client, cancellationToken).ConfigureAwait(false);
        foreach (var (model, timing) in parts.Telemetry.TakeSteps())
        {
            if (model == candidate.Name) candidate.Observe(timing);
        }

        var recent = new RecentTexts(Math.Max(1, texts.Count));
        foreach (var text in texts) recent.Add(text);
        await new TextScoring(parts.Pool, parts.Scorer, parts.Journal).CatchUpAsync(candidate, recent.Keep(), cancellationToken).ConfigureAwait(false);
        if (texts.Count > 0 && candidate.ScoredTexts == 0) throw new HeliosException($"'{candidate.Name}' could not score the texts; the log says why.");
        return alone;
    }

    private async Task<ModelLease> AcquireAsync(PoolEntry entry, CancellationToken cancellationToken)
    {
        var target = new LoadTarget(entry.Info.Name, entry.Info.Architecture.Layers);
        var result = await parts.Pool.AcquireAsync(target, progress: null, cancellationToken).ConfigureAwait(false);
        return result switch
        {
            AcquireResult.Acquired { Lease: ModelLease lease } => lease,
            AcquireResult.NoRoom room => throw new HeliosException(Invariant($"{target} does not fit the memory budget: {room.NeededBytes} bytes are needed, {room.FreeBytes} are available.")),
            AcquireResult.Failed failed => throw new HeliosException($"{target} could not be loaded: {failed.Error.Message}", failed.Error),
            _ => throw new HeliosException($"{target} could not be loaded: {result}."),
        };
    }

    /// <summary>Medians over requests one after another, but for the first, which warms up.</summary>
    private static async Task<AloneTimes> TimeAsync(PoolEntry entry, List<FinishedText> texts, IHeliosClient client, CancellationToken cancellationToken)
    {
        var results = new List<GenerationResult>();
        for (var i = 0; i <= TimedRequests; i++)
        {
            results.Add(await client.GenerateAsync(GenerationRequest.FromTokens(Prompt(entry, texts.Count == 0 ? null : texts[i % texts.Count])) with
            {
                Model = entry.Info.Name,
                FullDepth = true,
                Sampling = SamplingOptions.Greedy,
                MaxTokens = Math.Min(AnswerTokens, entry.Info.Architecture.ContextLength / 2),
                IgnoreEndOfSequence = true,
            }, cancellationToken).ConfigureAwait(false));
        }

        var timed = results.Skip(1).ToList();
        double Median(Func<GenerationResult, double> of) => timed.Select(of).Order().ElementAt(TimedRequests / 2);
        return new AloneTimes((int)Median(result => result.PromptIds.Count), Median(result => result.TimeToFirstToken.TotalMilliseconds), Median(result => result.TimePerOutputToken.TotalMilliseconds));
    }

    /// <summary>The beginning of a text, or any ids: what they are changes no time.</summary>
    private static int[] Prompt(PoolEntry entry, FinishedText? text)
    {
        var a = entry.Info.Architecture;
        var length = Math.Min(PromptTokens, a.ContextLength / 2);
        var ids = text is null ? [] : TextToScore.For(entry, text).Tokens.Take(length).ToArray();
        return ids.Length > 0 ? ids : [.. Enumerable.Range(0, length).Select(i => i % a.VocabularySize)];
    }

    /// <summary>Texts as if they had been served: the second half of each is taken for the answer.</summary>
    private List<FinishedText> Finish(IReadOnlyList<string> texts)
    {
        var first = parts.Pool.Entries.First();
        var point = new OperatingPoint(new LoadTarget(first.Info.Name, first.Info.Architecture.Layers));
        return [.. texts
            .Select(text => first.Tokenizer.Encode(text).Take(first.Info.Architecture.ContextLength).ToArray())
            .Where(tokens => tokens.Length > 1)
            .Select((tokens, i) => new FinishedText(new RequestId(i), tokens, (tokens.Length + 1) / 2, first.Tokenizer, point))];
    }
}

/// <summary>What offline profiling works with.</summary>
internal sealed record ProfilingParts(ModelPool Pool, LayerwiseScorer Scorer, StepProbe Probe, ServingTelemetry Telemetry, AdaptationJournal Journal)
{
    /// <summary>Most sequences of a step.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Measures what the device draws while it computes.</summary>
    public required EnergyGauge Energy { get; init; }

    /// <summary>What it measures on.</summary>
    public required MeasuredOn Site { get; init; }

    /// <summary>The engine's budget and limits.</summary>
    public required ProfileSettings Profiles { get; init; }
}
