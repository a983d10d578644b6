using System.Collections.Immutable;
using Helios.Sdk.Energy;
using Helios.Sdk.Lab;

namespace Helios.Sdk;

/// <summary>
/// What "best" means: scores an operating point, or calls it infeasible. Pure and thread-safe; called by the adaptation
/// loop, never by the serving loop.
/// </summary>
public interface ISloObjective
{
    /// <summary>Name by which configuration chooses it, e.g. <c>throughput</c>.</summary>
    string Name { get; }

    /// <summary>Whether it reads <see cref="PointProfile.JoulesPerToken"/>. The engine refuses to start with it when no <see cref="IEnergyMeter"/> is to be had.</summary>
    bool NeedsEnergy => false;

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
    /// <summary>Most sequences running together for which the score holds; the engine starts no more. Null when it holds for as many as fit.</summary>
    public int? Batch { get; init; }

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

/// <summary>
/// What so many sequences of usual lengths take when they run together, each that ends followed by the next: its prompt is
/// computed between the others' tokens.
/// </summary>
/// <param name="Batch">Sequences, at least 1.</param>
/// <param name="TpotMs">Time per output token, in milliseconds, prompts of newcomers included.</param>
/// <param name="TtftMs">Time to first token of a newcomer that finds a place among the others, in milliseconds.</param>
/// <param name="Throughput">Tokens per second of all together.</param>
public readonly record struct BatchTiming(int Batch, double TpotMs, double TtftMs, double Throughput);

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

    /// <summary>
    /// How alike the tokens of one request are in being under target: the correlation of two of them, 0..1. The more, the lower
    /// the breach rate at which the point may be chosen. Null while nothing was scored, and at full depth.
    /// </summary>
    public double? BreachClustering { get; init; }

    /// <summary>Share of tokens whose first sufficiently confident exit is this one, 0..1.</summary>
    public double? ExitShare { get; init; }

    /// <summary>What 1, 2, 4, ... and <see cref="MaxBatch"/> sequences running together take, by ascending batch; empty when nothing fits or no step was measured.</summary>
    public ImmutableArray<BatchTiming> Batches { get; init; } = [];

    /// <summary>
    /// Time per output token, in milliseconds, with as many sequences as present demand makes run together, up to the engine's
    /// limit whatever fits the budget: a point is not better for having room for fewer. Null while demand is not known.
    /// </summary>
    public double? LoadedTpotMs { get; init; }

    /// <summary>
    /// Time to first token, in milliseconds, that nineteen of twenty requests do not pass at present demand, waiting included;
    /// beyond what the point can serve, what they wait within a minute. Null while demand is not known.
    /// </summary>
    public double? TtftP95Ms { get; init; }

    /// <summary>Present demand over what the point serves with <see cref="MaxBatch"/> sequences, prompts included; above 1 its queue only grows. Null while demand is not known.</summary>
    public double? Utilisation { get; init; }

    /// <summary>Energy of a token, its share of prompts included, in joules; null while no meter has measured any. See <see cref="IEnergyMeter"/>.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Share of tokens whose first sufficiently confident exit is this one or one below it, 0..1; 1 at full depth.</summary>
    public double? Coverage { get; init; }

    /// <summary>Tokens the figures rest on.</summary>
    public int EvidenceTokens { get; init; }

    /// <summary>Requests the figures rest on.</summary>
    public int EvidenceRequests { get; init; }

    /// <summary>Whether it is the active point now: that is left for better reasons than another is passed over for.</summary>
    public bool IsServing { get; init; }

    /// <summary>Whether it served and was left below a floor of quality, in traffic like the present: it returns only when its whole interval is within.</summary>
    public bool WasBelowFloor { get; init; }

    /// <summary>A certificate that covers it; null when none does.</summary>
    public RiskCertificate? Certificate { get; init; }

    /// <summary>Whether the point is the model at full depth.</summary>
    public bool IsFullDepth => Point.Target.Depth == ModelLayers;
}
