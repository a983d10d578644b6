namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>No worse than so many bits per byte above the best candidate at full depth.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="maxGap">In bits per byte, 0 or more.</param>
/// <param name="need">How much evidence it takes.</param>
internal sealed class QualityFloor(ISloObjective inner, double maxGap, EvidenceNeed need) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        // A whole model may serve until it is measured: something must.
        if (profile.QualityGap is not { } gap) return profile.IsFullDepth ? null : "quality is not measured yet";

        // Written so that a gap that is not a number is a violation.
        if (!(gap <= maxGap) && !need.Spares(profile, !(profile.QualityGapInterval?.Low <= maxGap)))
            return Invariant($"quality gap {gap:0.###}{EvidenceNeed.Range(profile.QualityGapInterval, profile)} is over {maxGap:0.###} bits per byte");
        if (EvidenceNeed.Distrusts(profile, profile.QualityGapInterval?.High <= maxGap))
            return Invariant($"quality gap {gap:0.###}{EvidenceNeed.Range(profile.QualityGapInterval, profile)} may be over {maxGap:0.###} bits per byte, and it was before");
        return profile.IsServing || profile.IsFullDepth || need.Lack(profile) is not { } lack ? null : $"quality gap {lack}";
    }
}
