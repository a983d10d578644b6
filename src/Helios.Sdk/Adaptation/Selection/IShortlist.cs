using Helios.Sdk.Adaptation.Candidates;

namespace Helios.Sdk.Adaptation.Selection;

/// <summary>Chooses the candidates among the models of the pool.</summary>
internal interface IShortlist
{
    /// <summary>The candidates for an objective, in order of preference.</summary>
    /// <param name="objective">The objective under its constraints.</param>
    /// <param name="budgetBytes">The memory budget.</param>
    IReadOnlyList<Candidate> Choose(ISloObjective objective, long budgetBytes);
}
