using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Lab;

/// <summary>The result of a certification.</summary>
public sealed record CertificationReport
{
    /// <summary>The certificate; null if no point qualifies.</summary>
    public required RiskCertificate? Certificate { get; init; }

    /// <summary>All requested points, in order.</summary>
    public required ImmutableArray<TestedPoint> Points { get; init; }

    /// <summary>The result and its reason, in one sentence.</summary>
    public required string Verdict { get; init; }

    /// <summary>Requests counted.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens counted.</summary>
    public required long Tokens { get; init; }
}

/// <summary>A point of a certification.</summary>
/// <param name="Point">The point.</param>
/// <param name="Disagreement">Share of tokens that differ from those of the full depth, 0..1.</param>
/// <param name="Interval">The 95 % interval of that share, from its scatter only; null for fewer than two requests.</param>
/// <param name="PValue">Probability of this result if the share were over the bound; null if a safer point has failed before.</param>
/// <param name="RefusedBecause">Why it is not certified; null if it is.</param>
public sealed record TestedPoint(CertificationPoint Point, double Disagreement, Interval? Interval, double? PValue, string? RefusedBecause);

/// <summary>
/// A guarantee: at most <see cref="MaxDisagreement"/> of the tokens of these points differ from those of the full depth, with
/// probability <see cref="Confidence"/>, for requests like those of the calibration set.
/// </summary>
public sealed record RiskCertificate
{
    /// <summary>Name of the model, for people.</summary>
    public required string Model { get; init; }

    /// <summary>Fingerprint of the certified checkpoint.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Precision of the weights, also of the full depth that it compares with.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Maximum share of tokens that differ.</summary>
    public required double MaxDisagreement { get; init; }

    /// <summary>Probability that all points hold the guarantee.</summary>
    public required double Confidence { get; init; }

    /// <summary>Requests in the calibration set.</summary>
    public required int Requests { get; init; }

    /// <summary>Counted tokens of these requests.</summary>
    public required long Tokens { get; init; }

    /// <summary>Certified tokens of an answer, from its beginning.</summary>
    public required int MaxTokensPerRequest { get; init; }

    /// <summary>Time of the certification.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The certified points, from the safest to the least safe.</summary>
    public required ImmutableArray<CertifiedPoint> Points { get; init; }

    /// <summary>Whether it covers an operating point.</summary>
    /// <param name="model">The served checkpoint.</param>
    /// <param name="precision">Precision of its weights.</param>
    /// <param name="point">The point.</param>
    public bool Covers(CheckpointInfo model, Precision precision, OperatingPoint point)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(point);
        return model.Fingerprint == Checkpoint
            && precision == Precision
            && Points.Any(certified => certified.Depth == point.Target.Depth && certified.ExitPolicy == point.ExitPolicy);
    }
}

/// <summary>A certified point.</summary>
/// <param name="Depth">Layers served.</param>
/// <param name="ExitPolicy">Per-token exit policy.</param>
/// <param name="Disagreement">Share of tokens that differed in the calibration set.</param>
/// <param name="PValue">Probability of this result if the share were over the bound.</param>
public sealed record CertifiedPoint(int Depth, string ExitPolicy, double Disagreement, double PValue);
