using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>
/// What "best" means: scores an operating point, or calls it infeasible. Pure and thread-safe; called by the adaptation
/// loop, never by the serving loop.
/// </summary>
public interface ISloObjective
{
    /// <summary>Name by which configuration chooses it, e.g. <c>throughput</c>.</summary>
    string Name { get; }

    /// <summary>Scores a point; more is better.</summary>
    /// <param name="profile">What is known of it.</param>
    ObjectiveScore Score(PointProfile profile);
}

/// <summary>A score and what it was made of.</summary>
/// <param name="Value">More is better; meaningless when infeasible.</param>
/// <param name="Terms">Named parts, for explanations.</param>
/// <param name="InfeasibleBecause">Why the point may not serve; null when it may.</param>
public sealed record ObjectiveScore(double Value, ImmutableArray<ScoreTerm> Terms, string? InfeasibleBecause = null)
{
    /// <summary>Whether the point may serve.</summary>
    public bool IsFeasible => InfeasibleBecause is null;

    /// <summary>A point that may not serve.</summary>
    /// <param name="because">Why.</param>
    public static ObjectiveScore Infeasible(string because) => new(double.NegativeInfinity, [], because);
}

/// <summary>A named part of a score.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit, e.g. <c>tok/s</c>.</param>
public readonly record struct ScoreTerm(string Name, double Value, string Unit);

/// <summary>What is known of a candidate at one of its exits. Null means "not known", never zero.</summary>
public sealed record PointProfile
{
    /// <summary>The point.</summary>
    public required OperatingPoint Point { get; init; }

    /// <summary>Layers of the whole model.</summary>
    public required int ModelLayers { get; init; }

    /// <summary>Tokens per second with <see cref="MaxBatch"/> sequences decoding.</summary>
    public required double Throughput { get; init; }

    /// <summary>Time per output token at <see cref="MaxBatch"/>, in milliseconds.</summary>
    public required double TpotMs { get; init; }

    /// <summary>Time per output token of a sequence alone, in milliseconds.</summary>
    public required double AloneTpotMs { get; init; }

    /// <summary>Time to prefill the usual prompt, in milliseconds.</summary>
    public required double TtftMs { get; init; }

    /// <summary>Bytes of weights and workspace.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of KV for one sequence of the usual length.</summary>
    public required long KvBytesPerSequence { get; init; }

    /// <summary>Sequences of the usual length that fit the budget at once, up to the engine's limit; 0 when the weights alone do not fit.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Bits per byte on text served lately, teacher-forced.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary><see cref="BitsPerByte"/> less that of the best candidate at full depth.</summary>
    public double? QualityGap { get; init; }

    /// <summary>Where <see cref="QualityGap"/> lies; null for fewer than two requests.</summary>
    public Interval? QualityGapInterval { get; init; }

    /// <summary>Share of tokens equal to the same model's full-depth token, 0..1.</summary>
    public double? Agreement { get; init; }

    /// <summary>Where <see cref="Agreement"/> lies; null for fewer than two requests, and at full depth, which agrees with itself.</summary>
    public Interval? AgreementInterval { get; init; }

    /// <summary>Share of tokens whose calibrated confidence is under target, 0..1; 0 at full depth.</summary>
    public double? BreachRate { get; init; }

    /// <summary>Where <see cref="BreachRate"/> lies; null for fewer than two requests, and at full depth, which never breaches.</summary>
    public Interval? BreachRateInterval { get; init; }

    /// <summary>Share of tokens whose first sufficiently confident exit is this one, 0..1.</summary>
    public double? ExitShare { get; init; }

    /// <summary>Tokens the figures rest on.</summary>
    public int EvidenceTokens { get; init; }

    /// <summary>Requests the figures rest on.</summary>
    public int EvidenceRequests { get; init; }

    /// <summary>Whether it is what serves now: that is left for better reasons than another is passed over for.</summary>
    public bool IsServing { get; init; }

    /// <summary>A certificate that covers it; null when none does.</summary>
    public RiskCertificate? Certificate { get; init; }

    /// <summary>Whether the point is the model at full depth.</summary>
    public bool IsFullDepth => Point.Target.Depth == ModelLayers;
}
