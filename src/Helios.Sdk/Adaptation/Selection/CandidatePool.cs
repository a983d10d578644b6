using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Repository;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>Every model of the pool as a candidate, one object each for good, and the shortlist of an objective among them.</summary>
/// <param name="models">The models, in order of preference.</param>
/// <param name="options">How many candidates, and what they may do.</param>
/// <param name="ranking">Offline telemetry; null when there is none.</param>
internal sealed class CandidatePool(IEnumerable<ModelFacts> models, AdaptationOptions options, RepositoryRanking? ranking)
{
    private readonly List<Candidate> all = OnOneMachine(models, options);

    /// <summary>Every model of the pool.</summary>
    public IReadOnlyList<Candidate> All => all;

    /// <summary>The candidates for an objective, in order of preference; the first model alone when nothing adapts.</summary>
    /// <param name="objective">The objective under its constraints.</param>
    /// <param name="budgetBytes">The memory budget.</param>
    public IReadOnlyList<Candidate> Choose(ISloObjective objective, long budgetBytes)
    {
        if (!options.Enabled) return [all[0]];
        var ranks = ranking?.Rank(all.Select(candidate => candidate.Model), objective);
        var entries = all.Select(candidate => new ShortlistEntry(candidate.Model.Info, candidate.Model.Size)).ToList();
        return [.. Shortlist.Choose(entries, options.Candidates, budgetBytes, ranks).Select(chosen => all.First(candidate => candidate.Model.Info == chosen.Model))];
    }

    private static List<Candidate> OnOneMachine(IEnumerable<ModelFacts> models, AdaptationOptions options)
    {
        var pace = new Pace();
        return [.. models.Select(model => new Candidate(model, options, pace))];
    }
}
