using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Helios.Sdk;

namespace Helios.Cli.Events;

/// <summary>A line of a run's output: what happened, and when, in milliseconds since the start.</summary>
internal abstract record EventLine([property: JsonPropertyOrder(-2)] string Event, [property: JsonPropertyOrder(-1)] double AtMs);

/// <summary>A candidate was evaluated; <c>traffic</c> is how long live requests took before and meanwhile.</summary>
internal sealed record EvaluatedLine(string Event, double AtMs, string Model, double TookMs, ImmutableArray<ProfileLine> Profiles, EvaluationTraffic? Traffic)
    : EventLine(Event, AtMs);

/// <summary>A candidate could not be evaluated.</summary>
internal sealed record EvaluationFailedLine(string Event, double AtMs, string Model, string Reason, double? RetryAfterMs)
    : EventLine(Event, AtMs);

/// <summary>An objective threw; the active point stays.</summary>
internal sealed record ObjectiveFailedLine(string Event, double AtMs, string Objective, string Reason, double RetryAfterMs)
    : EventLine(Event, AtMs);

/// <summary>What is known of a candidate at one exit; null means not known.</summary>
internal sealed record ProfileLine(
    string Model,
    int Depth,
    string ExitPolicy,
    double? Throughput,
    double? TpotMs,
    double? AloneTpotMs,
    double? TtftMs,
    long WeightBytes,
    long KvBytesPerSequence,
    int MaxBatch,
    double? BitsPerByte,
    double? QualityGap,
    double? Agreement,
    double? BreachRate,
    double? ExitShare,
    IntervalLine? QualityGapInterval,
    IntervalLine? AgreementInterval,
    IntervalLine? BreachRateInterval,
    double? LoadedTpotMs,
    double? TtftP95Ms,
    double? Utilisation,
    double? JoulesPerToken,
    ImmutableArray<BatchLine> Batches,
    int EvidenceTokens,
    int EvidenceRequests);

/// <summary>What so many sequences together take.</summary>
internal sealed record BatchLine(int Batch, double? TpotMs, double? TtftMs, double? Throughput);

/// <summary>Where a figure lies with 95 % confidence, whole requests being the units.</summary>
internal sealed record IntervalLine(double Low, double High)
{
    public static IntervalLine? Of(Interval? interval) => interval is { } known ? new(known.Low, known.High) : null;
}

/// <summary>A decision of the adaptation loop, with everything it looked at.</summary>
internal sealed record DecisionLine(
    string Event,
    double AtMs,
    string Trigger,
    string Act,
    string? From,
    string To,
    string Model,
    int Depth,
    string ExitPolicy,
    string Reason,
    bool Degraded,
    int? Batch,
    CostLine? PredictedCost,
    ImmutableArray<ConsideredLine> Considered,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NotCarriedOutBecause)
    : EventLine(Event, AtMs);

/// <summary>What a change is expected to take.</summary>
internal sealed record CostLine(long Bytes, double? LoadMs);

/// <summary>A point that a decision looked at.</summary>
internal sealed record ConsideredLine(string Model, int Depth, string ExitPolicy, double? Score, ImmutableArray<TermLine> Terms, string? InfeasibleBecause, int? Batch);

/// <summary>A part of a score.</summary>
internal sealed record TermLine(string Name, double? Value, string Unit);

/// <summary>A load began, ended or failed.</summary>
internal sealed record LoadLine(
    string Event,
    double AtMs,
    string Model,
    int Depth,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Bytes = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TookMs = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RetryAfterMs = null)
    : EventLine(Event, AtMs);

/// <summary>The breach counter went over its limit.</summary>
internal sealed record BreachLine(string Event, double AtMs, string Model, int Depth, string ExitPolicy, int Breaches, int Window)
    : EventLine(Event, AtMs);

/// <summary>Scoring at full depth showed the active point below its floor, so many tokens after it was published.</summary>
internal sealed record QualityBreachLine(
    string Event, double AtMs, string Model, int Depth, string ExitPolicy, string Reason, ProfileLine Profile, long ServedTokens, long ScoredTokens)
    : EventLine(Event, AtMs);

/// <summary>
/// A request was answered. It arrived at <c>arrivedMs</c>, on the clock of <c>atMs</c>, and <c>ttftMs</c> counts from there.
/// Those of the warm-up are marked, and not in the summary.
/// </summary>
internal sealed record CompletedLine(
    string Event,
    double AtMs,
    int Request,
    string? Tenant,
    string Model,
    int Depth,
    string ExitPolicy,
    int PromptTokens,
    int Tokens,
    string FinishReason,
    double TtftMs,
    double TpotMs,
    double ArrivedMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool WarmUp)
    : EventLine(Event, AtMs);

/// <summary>A request failed, or was turned away by an engine that had too much to do (<c>rejected</c>).</summary>
internal sealed record UnservedLine(
    string Event,
    double AtMs,
    int Request,
    string? Tenant,
    string Reason,
    double ArrivedMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool WarmUp)
    : EventLine(Event, AtMs);

/// <summary>
/// The last line of a run. <c>requests</c> were answered, failed or rejected. <c>joulesPerToken</c> is the energy of the whole
/// device over the time of the run; null, with the reason, where nothing counts it.
/// </summary>
internal sealed record SummaryLine(
    int Requests,
    int Failed,
    int Rejected,
    long Tokens,
    double ThroughputTps,
    Percentiles TtftMs,
    Percentiles TpotMs,
    double? JoulesPerToken,
    string EnergySource,
    bool EnergyIsEstimate,
    string? EnergyUnavailableBecause,
    long PeakBytes,
    int MaxBatch,
    double? MeanDepth,
    double? Agreement,
    double? QualityGapBitsPerByte,
    double? WholeTextGapBitsPerByte,
    ImmutableArray<ChangeLine> Changes)
{
    [JsonPropertyOrder(-1)]
    public string Event => "summary";
}

/// <summary>Percentiles in milliseconds; null when there is nothing to rank.</summary>
internal sealed record Percentiles(double? P50, double? P95, double? P99)
{
    public static Percentiles Of(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Select(time => time.TotalMilliseconds).Order().ToArray();
        return new Percentiles(At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99));
    }

    /// <summary>The smallest value that at least this share of all values does not pass.</summary>
    private static double? At(double[] sorted, double share) =>
        sorted.Length == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}

/// <summary>A change of the active point.</summary>
internal sealed record ChangeLine(double AtMs, string? From, string To, string Trigger, string Reason);
