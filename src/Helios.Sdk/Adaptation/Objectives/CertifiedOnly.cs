namespace Helios.Sdk.Adaptation.Objectives;

/// <summary>Only points that a certificate covers, and full depths without exits, which need none.</summary>
/// <param name="inner">What scores the points that meet it.</param>
internal sealed class CertifiedOnly(ISloObjective inner) : ConstrainedObjective(inner)
{
    /// <inheritdoc/>
    protected override string? Violation(PointProfile profile) =>
        profile.Certificate is not null || (profile.IsFullDepth && profile.Point.ExitPolicy == "none") ? null : "no certificate covers it";
}
