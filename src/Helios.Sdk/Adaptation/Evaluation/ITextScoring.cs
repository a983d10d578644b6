namespace Helios.Sdk.Adaptation.Evaluation;

/// <summary>Shadow scoring: lets candidates learn from the latest finished texts.</summary>
internal interface ITextScoring
{
    /// <summary>
    /// Scores every text that a candidate has not scored yet. It stays as it was known when memory for scoring cannot be had
    /// beside what serves, or when its files fail; the journal then says so.
    /// </summary>
    Task CatchUpAsync(Candidate candidate, CancellationToken cancellationToken);
}
