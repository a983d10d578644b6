using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>Scores the latest finished texts with candidates and lets them learn. One candidate at a time.</summary>
internal sealed class TextScoring(LayerwiseScorer scorer, RecentTexts texts, AdaptationJournal journal)
{
    /// <summary>
    /// Scores every text that a candidate has not scored yet. It stays as it was known when memory for scoring cannot be had
    /// beside what serves, or when its files fail; the journal then says so.
    /// </summary>
    public async Task CatchUpAsync(Candidate candidate, CancellationToken cancellationToken)
    {
        var due = texts.Snapshot.Where(text => !candidate.HasScored(text.Id.Value)).Select(text => TextToScore.For(candidate, text)).Where(text => text.Tokens.Length > 1).ToList();
        if (due.Count == 0) return;

        try
        {
            if (await scorer.OpenAsync(candidate.Entry, due.Max(text => text.Tokens.Length), cancellationToken).ConfigureAwait(false) is not { } session)
            {
                journal.NoRoomForScoring(candidate.Name);
                return;
            }

            await using (session.ConfigureAwait(false))
            {
                foreach (var text in due)
                {
                    var scored = await session.ScoreAsync(text.Tokens, candidate.Depths, cancellationToken).ConfigureAwait(false);
                    // A breach while it was scored has made it a text of former traffic.
                    if (texts.Has(text.Id)) candidate.Learn(text.ToTaps(candidate, scored));
                }
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            journal.ScoringFailed(candidate.Name, error);
        }
    }
}
