using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>
/// An event that the adaptation loop reports to its observers, in order. A closed hierarchy: switch over its
/// cases, or use <see cref="Kind"/>.
/// </summary>
public abstract record AdaptationEvent
{
    private AdaptationEvent(string kind, DateTimeOffset at)
    {
        Kind = kind;
        At = at;
    }

    /// <summary>Name of the case in lower case, as the command line prints it, e.g. <c>evaluated</c>.</summary>
    public string Kind { get; }

    /// <summary>Time of the event.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>A candidate was evaluated.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Model">The candidate.</param>
    /// <param name="Profiles">Its present profiles, by ascending depth; their exit shares are its exit histogram.</param>
    /// <param name="Took">Time it took.</param>
    public sealed record Evaluated(DateTimeOffset At, string Model, ImmutableArray<PointProfile> Profiles, TimeSpan Took)
        : AdaptationEvent("evaluated", At)
    {
        /// <summary>Times of live requests before and during the evaluation.</summary>
        public EvaluationTraffic? Traffic { get; init; }
    }

    /// <summary>A candidate could not be evaluated or scored; the active point keeps serving, and the candidate is tried again.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Model">The candidate.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="RetryAfter">Time until the next try; null if it is tried again with the next texts.</param>
    public sealed record EvaluationFailed(DateTimeOffset At, string Model, string Reason, TimeSpan? RetryAfter)
        : AdaptationEvent("evaluationfailed", At);

    /// <summary>An objective threw; the active point keeps serving, and the objective is called again at a later reassessment.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Objective">Its name.</param>
    /// <param name="Reason">The exception.</param>
    /// <param name="RetryAfter">Time until the next call.</param>
    public sealed record ObjectiveFailed(DateTimeOffset At, string Objective, string Reason, TimeSpan RetryAfter)
        : AdaptationEvent("objectivefailed", At);

    /// <summary>Another point than the active one was selected, or the first selection kept the active point.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision.</param>
    public sealed record Selected(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("selected", At);

    /// <summary>A load has begun.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Target">The target of the load.</param>
    /// <param name="Bytes">Bytes to load.</param>
    public sealed record Loading(DateTimeOffset At, LoadTarget Target, long Bytes)
        : AdaptationEvent("loading", At);

    /// <summary>A load has ended.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Target">The target of the load.</param>
    /// <param name="Bytes">Bytes that were loaded.</param>
    /// <param name="Took">Time it took.</param>
    public sealed record Loaded(DateTimeOffset At, LoadTarget Target, long Bytes, TimeSpan Took)
        : AdaptationEvent("loaded", At);

    /// <summary>A load failed or was refused; the former point keeps serving.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Target">The target of the load.</param>
    /// <param name="Reason">Why it failed.</param>
    /// <param name="RetryAfter">Time until the model may be tried again; null if it may be tried at once.</param>
    public sealed record LoadFailed(DateTimeOffset At, LoadTarget Target, string Reason, TimeSpan? RetryAfter)
        : AdaptationEvent("loadfailed", At);

    /// <summary>The breach counter exceeded its limit.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Point">The active point.</param>
    /// <param name="Breaches">Breaches counted.</param>
    /// <param name="Window">Tokens in the window.</param>
    public sealed record Breach(DateTimeOffset At, OperatingPoint Point, int Breaches, int Window)
        : AdaptationEvent("breach", At);

    /// <summary>Scoring at full depth showed that the active point is below its floor of quality or agreement, regardless of its confidence.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Point">The active point.</param>
    /// <param name="Reason">Which floor, and how far below.</param>
    /// <param name="Profile">Its profile.</param>
    /// <param name="ServedTokens">Tokens served since it was published.</param>
    /// <param name="ScoredTokens">Tokens scored since it was published.</param>
    public sealed record QualityBreach(DateTimeOffset At, OperatingPoint Point, string Reason, PointProfile Profile, long ServedTokens, long ScoredTokens)
        : AdaptationEvent("qualitybreach", At);

    /// <summary>The same model now serves with more layers.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision.</param>
    public sealed record Deepened(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("deepened", At);

    /// <summary>Another model, or the same model with fewer layers, now serves.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision.</param>
    public sealed record Switched(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("switched", At);

    /// <summary>The chosen point could not be loaded; the former point keeps serving.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision; <see cref="AdaptationDecision.NotCarriedOutBecause"/> has the reason.</param>
    public sealed record NotCarriedOut(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("notcarriedout", At);

    /// <summary>The guard found nothing better than the active point.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision.</param>
    public sealed record Stayed(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("stayed", At);

    /// <summary>The candidates were reassessed, whether or not anything changes.</summary>
    /// <param name="At">Time of the event.</param>
    /// <param name="Decision">The decision.</param>
    public sealed record Reassessed(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("reassessed", At);
}

/// <summary>The effect of an evaluation on the times of live requests.</summary>
/// <param name="Before">Requests that ended before it, as far back as they are kept; null if there were none.</param>
/// <param name="During">Requests that ended during it, including those that candidates answered; null if there were none.</param>
public sealed record EvaluationTraffic(TrafficTimes? Before, TrafficTimes? During);

/// <summary>Medians over finished requests.</summary>
/// <param name="Requests">How many.</param>
/// <param name="TtftMs">Time from arrival to the first token, in milliseconds.</param>
/// <param name="TpotMs">Time per further token, in milliseconds; null if no answer was longer than a token.</param>
public sealed record TrafficTimes(int Requests, double TtftMs, double? TpotMs);
