using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>Scores texts for callers of the engine.</summary>
internal sealed class SequenceScorer(ModelPool pool, LayerwiseScorer scorer)
{
    public async Task<SequenceScore> ScoreAsync(string model, IReadOnlyList<int> tokenIds, IReadOnlyList<int>? depths, CancellationToken cancellationToken)
    {
        var entry = pool.Find(model);
        var wanted = Check(entry.Info, tokenIds, depths);
        ScoredText scored;
        try
        {
            var session = await scorer.OpenAsync(entry, [[.. tokenIds]], cancellationToken).ConfigureAwait(false)
                ?? throw new HeliosException($"The memory budget has no room to score {tokenIds.Count} tokens with '{model}'.");
            await using (session.ConfigureAwait(false)) scored = (await session.ScoreAsync(session.Groups[0], wanted, cancellationToken).ConfigureAwait(false)).Texts[0];
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HeliosException("The engine stops.", error);
        }

        return new SequenceScore(tokenIds.Count, [.. wanted.Select((depth, i) => Sum(depth, scored.Signals[i]))]);
    }

    private static DepthScore Sum(int depth, ExitSignal[] signals)
    {
        var nats = 0.0;
        foreach (var signal in signals.AsSpan(0, signals.Length - 1)) nats -= signal.TargetLogProbability;
        return new DepthScore(
            depth,
            nats,
            signals[^1].TopId,
            [.. signals.Select(signal => signal.TopId)],
            [.. signals.SkipLast(1).Select(signal => signal.TargetLogProbability)]);
    }

    private static ImmutableArray<int> Check(CheckpointInfo model, IReadOnlyList<int> tokenIds, IReadOnlyList<int>? depths)
    {
        var a = model.Architecture;
        if (tokenIds.Count == 0) throw new ArgumentException("There are no tokens to score.", nameof(tokenIds));
        if (tokenIds.Count > a.ContextLength) throw new ArgumentException(Invariant($"{tokenIds.Count} tokens pass the context of '{model.Name}' ({a.ContextLength} tokens)."), nameof(tokenIds));
        Serving.Requests.PromptRules.CheckIds(tokenIds, model);
        if (depths is null) return [.. Enumerable.Range(1, a.Layers)];
        if (depths.Count == 0 || depths[0] < 1 || depths[^1] > a.Layers || depths.Zip(depths.Skip(1)).Any(pair => pair.First >= pair.Second))
            throw new ArgumentException(Invariant($"Depths {string.Join(", ", depths)}: expected ascending numbers from 1 to {a.Layers}."), nameof(depths));
        return [.. depths];
    }
}
