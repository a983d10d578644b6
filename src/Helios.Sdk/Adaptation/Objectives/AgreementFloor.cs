namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>At least such a share of tokens as the same model at full depth would give. The full depth agrees with itself.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="minimum">A share, 0..1.</param>
internal sealed class AgreementFloor(ISloObjective inner, double minimum) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        if (profile.IsFullDepth) return null;
        if (profile.Agreement is not { } agreement) return "agreement is not measured yet";
        return agreement >= minimum ? null : $"agreement {agreement:0.###} is under {minimum:0.###}";
    }
}
