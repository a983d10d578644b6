using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>Scores the latest finished texts with candidates and lets them learn. One candidate at a time.</summary>
internal sealed class TextScoring(ModelPool pool, LayerwiseScorer scorer, AdaptationJournal journal) : ITextScoring
{
    private readonly HashSet<string> withoutRoom = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken)
    {
        try
        {
            var entry = pool.Find(candidate.Name);
            var due = texts.Texts.Where(text => !candidate.HasScored(text.Id.Value)).Select(text => TextToScore.For(entry, text)).Where(text => text.Tokens.Length > 1 && PromptRules.HasAllIds(entry.Info, text.Tokens)).ToList();
            if (due.Count == 0) return;
            if (await scorer.OpenAsync(entry, due.ConvertAll(text => text.Tokens), cancellationToken).ConfigureAwait(false) is not { } session)
            {
                // It may stay so for long, and is tried with every text.
                if (withoutRoom.Add(candidate.Name)) journal.NoRoomForScoring(candidate.Name);
                return;
            }

            withoutRoom.Remove(candidate.Name);

            await using (session.ConfigureAwait(false))
            {
                var learnt = 0;
                foreach (var group in session.Groups)
                {
                    var scored = await session.ScoreAsync(group, candidate.Depths, cancellationToken).ConfigureAwait(false);
                    MustBeFinite(candidate.Name, scored);
                    candidate.Observe(scored.Timing);
                    foreach (var (text, signals) in due.Skip(learnt).Zip(scored.Texts))
                    {
                        // A breach while they were scored has made them texts of former traffic.
                        if (!texts.AreOfPresentTraffic) return;
                        candidate.Learn(text.ToTaps(entry.Tokenizer, signals));
                        learnt++;
                    }
                }
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            journal.ScoringFailed(candidate.Name, error);
        }
    }

    /// <summary>Nothing is to be learnt from logits that are no distribution.</summary>
    private static void MustBeFinite(string model, ScoredGroup scored)
    {
        foreach (var text in scored.Texts)
        {
            for (var exit = 0; exit < text.Depths.Length; exit++)
            {
                foreach (var signal in text.Signals[exit])
                {
                    if (float.IsNaN(signal.Top1)) throw NonFinite.Of(model, text.Depths[exit], exit > 0 ? text.Depths[exit - 1] : 0);
                }
            }
        }
    }
}
