using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Adaptation;

/// <summary>The candidates of the moment. One that comes back is the one it was, with what it learnt. Belongs to the adaptation loop.</summary>
internal sealed class CandidateList(IReadOnlyList<PoolEntry> entries, AdaptationOptions options, Goals goals, Pace pace)
{
    private readonly Dictionary<string, Candidate> made = new(StringComparer.Ordinal);

    /// <summary>The shortlist for the goals of now.</summary>
    public IReadOnlyList<Candidate> Choose()
    {
        if (!options.Enabled) return [Of(entries[0].Candidacy)];
        var shortlist = Shortlist.Choose([.. entries.Select(entry => new ShortlistEntry(entry.Info, entry.Size))], options.Candidates, goals.BudgetBytes);
        return [.. shortlist.Select(choice => Of(entries.First(entry => entry.Info == choice.Model).Candidacy))];
    }

    private Candidate Of(CandidateModel model)
    {
        if (!made.TryGetValue(model.Info.Name, out var candidate)) made.Add(model.Info.Name, candidate = new Candidate(model, options, pace));
        return candidate;
    }
}
