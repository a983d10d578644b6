using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation.Scoring;

/// <summary>Shadow scoring: lets candidates learn from the latest finished texts.</summary>
internal interface ITextScoring
{
    /// <summary>
    /// Scores those of the texts that a candidate has not scored yet. It stays as it was known when memory for scoring cannot
    /// be had beside the active point, or when its files fail; the journal then says so.
    /// </summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="texts">The same for all candidates of a pass: scoring may take longer than texts are kept, and candidates compare on texts that both scored.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken);
}
