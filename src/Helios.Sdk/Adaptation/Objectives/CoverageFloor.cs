namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>
/// The paper's plain rule: an exit may serve from where on such a share of tokens would have left, there or at an exit below
/// it. Of the exits left, an objective that likes fewer layers takes the shallowest. The full depth covers every token.
/// </summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="minimum">A share, in (0, 1].</param>
internal sealed class CoverageFloor(ISloObjective inner, double minimum) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        if (profile.IsFullDepth) return null;
        if (profile.Coverage is not { } coverage) return "the share of tokens that leave up to here is not measured yet";
        return coverage >= minimum ? null : Invariant($"{coverage:0.###} of all tokens leave up to here, under {minimum:0.###}");
    }
}
