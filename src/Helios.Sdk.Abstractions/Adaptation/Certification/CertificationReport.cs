using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Lab;

/// <summary>What became of a certification.</summary>
public sealed record CertificationReport
{
    /// <summary>The certificate; null when no point qualifies.</summary>
    public required RiskCertificate? Certificate { get; init; }

    /// <summary>Every point asked for, in its order.</summary>
    public required ImmutableArray<TestedPoint> Points { get; init; }

    /// <summary>What came of it and why, in one sentence.</summary>
    public required string Verdict { get; init; }

    /// <summary>Requests counted.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens counted.</summary>
    public required long Tokens { get; init; }
}

/// <summary>A point of a certification.</summary>
/// <param name="Point">The point.</param>
/// <param name="Disagreement">Share of tokens that differ from those of the full depth, 0..1.</param>
/// <param name="Interval">Where that share lies, by scatter alone; null for fewer than two requests.</param>
/// <param name="PValue">Probability of seeing this if the share were over the bound; null when a safer point had failed already.</param>
/// <param name="RefusedBecause">Why it is not certified; null when it is.</param>
public sealed record TestedPoint(CertificationPoint Point, double Disagreement, Interval? Interval, double? PValue, string? RefusedBecause);

/// <summary>
/// A promise: at most <see cref="MaxDisagreement"/> of the tokens of these points differ from those of the full depth, with
/// probability <see cref="Confidence"/>, over requests drawn like those of the calibration set.
/// </summary>
public sealed record RiskCertificate
{
    /// <summary>Name of the model, for people.</summary>
    public required string Model { get; init; }

    /// <summary>Fingerprint of the checkpoint it holds for.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>How the weights were held; the full depth it compares with was held alike.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Largest share of tokens that differ.</summary>
    public required double MaxDisagreement { get; init; }

    /// <summary>Probability with which all of it holds.</summary>
    public required double Confidence { get; init; }

    /// <summary>Requests it rests on.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens of those.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens from the beginning of an answer that it speaks of.</summary>
    public required int MaxTokensPerRequest { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The points it covers, from the safest to the boldest.</summary>
    public required ImmutableArray<CertifiedPoint> Points { get; init; }

    /// <summary>Whether it covers an operating point.</summary>
    /// <param name="model">The checkpoint served.</param>
    /// <param name="precision">How its weights are held.</param>
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
/// <param name="ExitPolicy">Exits per token among them.</param>
/// <param name="Disagreement">Share of tokens that differed in the calibration set.</param>
/// <param name="PValue">Probability of seeing this if the share were over the bound.</param>
public sealed record CertifiedPoint(int Depth, string ExitPolicy, double Disagreement, double PValue);
