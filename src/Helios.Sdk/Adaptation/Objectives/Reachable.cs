namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Only points that can be brought up beside the active point: a choice that the budget refuses would be made again and again.</summary>
/// <param name="inner">What scores the points that can.</param>
/// <param name="unreachable">Why a target cannot be brought up; null when it can.</param>
internal sealed class Reachable(ISloObjective inner, Func<LoadTarget, string?> unreachable) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile) => unreachable(profile.Point.Target);
}
