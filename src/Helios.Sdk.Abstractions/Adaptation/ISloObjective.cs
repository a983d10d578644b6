using System.Collections.Immutable;
using Helios.Sdk.Energy;
using Helios.Sdk.Lab;

namespace Helios.Sdk;

/// <summary>
/// An objective: scores an operating point, or declares it infeasible. Pure and thread-safe; called by the adaptation
/// loop, never by the serving loop.
/// </summary>
public interface ISloObjective
{
    /// <summary>Name by which configuration chooses it, e.g. <c>throughput</c>.</summary>
    string Name { get; }

    /// <summary>Whether it reads <see cref="PointProfile.JoulesPerToken"/>. If so, the engine refuses to start without a readable <see cref="IEnergyMeter"/>.</summary>
    bool NeedsEnergy => false;

    /// <summary>Scores a point; higher is better.</summary>
    /// <param name="profile">Its profile.</param>
    ObjectiveScore Score(PointProfile profile);
}

/// <summary>A score and its terms.</summary>
/// <param name="Value">Higher is better; meaningless if infeasible.</param>
/// <param name="Terms">Named parts, for explanations.</param>
/// <param name="InfeasibleBecause">Why the point is infeasible; null if it is feasible.</param>
public sealed record ObjectiveScore(double Value, ImmutableArray<ScoreTerm> Terms, string? InfeasibleBecause = null)
{
    /// <summary>Maximum sequences that run together for which the score holds; the engine starts no more. Null if it holds for as many as fit.</summary>
    public int? Batch { get; init; }

    /// <summary>Whether the point is feasible.</summary>
    public bool IsFeasible => InfeasibleBecause is null;

    /// <summary>The score of an infeasible point.</summary>
    /// <param name="because">Why.</param>
    public static ObjectiveScore Infeasible(string because) => new(double.NegativeInfinity, [], because);
}

/// <summary>A named part of a score.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit, e.g. <c>tok/s</c>.</param>
public readonly record struct ScoreTerm(string Name, double Value, string Unit);

/// <summary>
/// Predicted times for a number of sequences of usual lengths that run together. Each sequence that ends is followed by another, whose
/// prompt is computed between the others' tokens.
/// </summary>
/// <param name="Batch">Sequences, at least 1.</param>
/// <param name="TpotMs">Time per output token, in milliseconds, prompts of new sequences included.</param>
/// <param name="TtftMs">Time to first token of a new sequence that joins the others at once, in milliseconds.</param>
/// <param name="Throughput">Tokens per second of all sequences together.</param>
public readonly record struct BatchTiming(int Batch, double TpotMs, double TtftMs, double Throughput);

/// <summary>The profile of a candidate at one of its exits. Null means "not known", never zero.</summary>
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

    /// <summary>Sequences of the usual length that fit the budget at once, up to the engine's limit; 0 if the weights alone do not fit.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Bits per byte on recently served text, teacher-forced.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary><see cref="BitsPerByte"/> minus that of the best candidate at full depth.</summary>
    public double? QualityGap { get; init; }

    /// <summary>The 95 % interval of <see cref="QualityGap"/>; null for fewer than two requests.</summary>
    public Interval? QualityGapInterval { get; init; }

    /// <summary>Share of tokens equal to the same model's full-depth token, 0..1.</summary>
    public double? Agreement { get; init; }

    /// <summary>The 95 % interval of <see cref="Agreement"/>; null for fewer than two requests, and at full depth, which agrees with itself.</summary>
    public Interval? AgreementInterval { get; init; }

    /// <summary>Share of tokens whose calibrated confidence is below the target, 0..1; 0 at full depth.</summary>
    public double? BreachRate { get; init; }

    /// <summary>The 95 % interval of <see cref="BreachRate"/>; null for fewer than two requests, and at full depth, which never breaches.</summary>
    public Interval? BreachRateInterval { get; init; }

    /// <summary>
    /// Correlation of breaches within a request, 0..1. The higher it is, the lower the breach rate at which the point may be chosen. Null
    /// before any text was scored, and at full depth.
    /// </summary>
    public double? BreachClustering { get; init; }

    /// <summary>Share of tokens whose first sufficiently confident exit is this one, 0..1.</summary>
    public double? ExitShare { get; init; }

    /// <summary>Predicted times of 1, 2, 4, ... and <see cref="MaxBatch"/> sequences that run together, by ascending batch; empty if nothing fits or no step was measured.</summary>
    public ImmutableArray<BatchTiming> Batches { get; init; } = [];

    /// <summary>
    /// Time per output token, in milliseconds, with as many sequences as present demand runs together, up to the engine's limit and
    /// regardless of the budget: a point with memory for fewer sequences must not seem faster. Null if demand is not known.
    /// </summary>
    public double? LoadedTpotMs { get; init; }

    /// <summary>
    /// 95th percentile of the time to first token at present demand, in milliseconds, queue time included. If demand exceeds the capacity
    /// of the point, the wait after a minute of such demand. Null if demand is not known.
    /// </summary>
    public double? TtftP95Ms { get; init; }

    /// <summary>Ratio of present demand to the capacity of the point with <see cref="MaxBatch"/> sequences, prompts included; above 1 its queue grows. Null if demand is not known.</summary>
    public double? Utilisation { get; init; }

    /// <summary>Energy per token, its share of prompts included, in joules; null before a meter has measured any. See <see cref="IEnergyMeter"/>.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Share of tokens whose first sufficiently confident exit is this one or one below it, 0..1; 1 at full depth.</summary>
    public double? Coverage { get; init; }

    /// <summary>Tokens of the evidence.</summary>
    public int EvidenceTokens { get; init; }

    /// <summary>Requests of the evidence.</summary>
    public int EvidenceRequests { get; init; }

    /// <summary>Whether it is the active point now. Floors need stronger evidence to leave the active point than to exclude another point.</summary>
    public bool IsServing { get; init; }

    /// <summary>Whether it was active and was left below a quality floor, in traffic like the present: it returns only when its whole interval is within the floor.</summary>
    public bool WasBelowFloor { get; init; }

    /// <summary>A certificate that covers it; null if there is none.</summary>
    public RiskCertificate? Certificate { get; init; }

    /// <summary>Whether the point is the model at full depth.</summary>
    public bool IsFullDepth => Point.Target.Depth == ModelLayers;
}
