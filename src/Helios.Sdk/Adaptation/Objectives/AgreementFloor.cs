namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>At least such a share of tokens as the same model at full depth would give. The full depth agrees with itself.</summary>
/// <param name="inner">What scores the points that meet it.</param>
/// <param name="minimum">A share, 0..1.</param>
/// <param name="need">How much evidence it takes.</param>
internal sealed class AgreementFloor(ISloObjective inner, double minimum, EvidenceNeed need) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile)
    {
        if (profile.IsFullDepth) return null;
        if (profile.Agreement is not { } agreement) return "agreement is not measured yet";
        if (!(agreement >= minimum) && !need.Spares(profile, !(profile.AgreementInterval?.High >= minimum)))
            return Invariant($"agreement {agreement:0.###}{EvidenceNeed.Range(profile.AgreementInterval, profile)} is under {minimum:0.###}");
        if (EvidenceNeed.Distrusts(profile, profile.AgreementInterval?.Low >= minimum))
            return Invariant($"agreement {agreement:0.###}{EvidenceNeed.Range(profile.AgreementInterval, profile)} may be under {minimum:0.###}, and it was below a floor before");
        return profile.IsServing || need.Lack(profile) is not { } lack ? null : $"agreement {lack}";
    }
}
