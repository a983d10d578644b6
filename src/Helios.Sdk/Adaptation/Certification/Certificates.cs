using System.Collections.Immutable;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Sdk.Adaptation.Certification;

/// <summary>The certificates that an engine was given.</summary>
internal sealed class Certificates(ImmutableArray<RiskCertificate> known, Precision precision)
{
    /// <summary>No certificates.</summary>
    public static Certificates None { get; } = new([], Precision.Auto);

    /// <summary>The certificate that covers a point, the strictest of them; null when none does.</summary>
    public RiskCertificate? Find(CheckpointInfo model, OperatingPoint point) =>
        known.Where(certificate => certificate.Covers(model, precision, point)).MinBy(certificate => certificate.MaxDisagreement);
}
