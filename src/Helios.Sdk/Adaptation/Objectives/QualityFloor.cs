namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>No worse than so many bits per byte above the best candidate at full depth.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="maxGap">In bits per byte, 0 or more.</param>
internal sealed class QualityFloor(ISloObjective inner, double maxGap) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile) => profile.QualityGap switch
    {
        // A whole model may serve until it is measured: something must.
        null => profile.IsFullDepth ? null : "quality is not measured yet",
        { } gap when gap <= maxGap => null,
        { } gap => $"quality gap {gap:0.###} is over {maxGap:0.###} bits per byte",
    };
}
