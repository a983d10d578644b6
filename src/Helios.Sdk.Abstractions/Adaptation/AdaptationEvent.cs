using System.Collections.Immutable;

namespace Helios.Sdk;

/// <summary>
/// What the adaptation loop reports to its observers, in the order in which it happened. A closed family: switch over its
/// cases, or go by <see cref="Kind"/>.
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

    /// <summary>When it happened.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>A candidate was evaluated.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Model">The candidate.</param>
    /// <param name="Profiles">What is known of it now, by ascending depth; their exit shares are its exit histogram.</param>
    /// <param name="Took">Time it took.</param>
    public sealed record Evaluated(DateTimeOffset At, string Model, ImmutableArray<PointProfile> Profiles, TimeSpan Took)
        : AdaptationEvent("evaluated", At)
    {
        /// <summary>How long live requests took before and during the evaluation.</summary>
        public EvaluationTraffic? Traffic { get; init; }
    }

    /// <summary>A candidate could not be evaluated, or not be scored; the active point goes on serving, and it is tried again.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Model">The candidate.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="RetryAfter">How long it is left alone; null when it is tried again with the next texts.</param>
    public sealed record EvaluationFailed(DateTimeOffset At, string Model, string Reason, TimeSpan? RetryAfter)
        : AdaptationEvent("evaluationfailed", At);

    /// <summary>An objective threw; the active point goes on serving, and it is asked again at a later reassessment.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Objective">Its name.</param>
    /// <param name="Reason">What it threw.</param>
    /// <param name="RetryAfter">How long it is left alone.</param>
    public sealed record ObjectiveFailed(DateTimeOffset At, string Objective, string Reason, TimeSpan RetryAfter)
        : AdaptationEvent("objectivefailed", At);

    /// <summary>A point was selected that did not serve before, or the first selection kept the one that did.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why.</param>
    public sealed record Selected(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("selected", At);

    /// <summary>A load has begun.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Target">What is being loaded.</param>
    /// <param name="Bytes">Bytes that are missing.</param>
    public sealed record Loading(DateTimeOffset At, LoadTarget Target, long Bytes)
        : AdaptationEvent("loading", At);

    /// <summary>A load is done.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Target">What was loaded.</param>
    /// <param name="Bytes">Bytes that were loaded.</param>
    /// <param name="Took">Time it took.</param>
    public sealed record Loaded(DateTimeOffset At, LoadTarget Target, long Bytes, TimeSpan Took)
        : AdaptationEvent("loaded", At);

    /// <summary>A load failed or was refused; the former point goes on serving.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Target">What was to be loaded.</param>
    /// <param name="Reason">Why it was not.</param>
    /// <param name="RetryAfter">How long the model is left alone; null when nothing keeps it from being tried again.</param>
    public sealed record LoadFailed(DateTimeOffset At, LoadTarget Target, string Reason, TimeSpan? RetryAfter)
        : AdaptationEvent("loadfailed", At);

    /// <summary>The breach counter went over its limit.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Point">What served.</param>
    /// <param name="Breaches">Breaches counted.</param>
    /// <param name="Window">Tokens among which they were counted.</param>
    public sealed record Breach(DateTimeOffset At, OperatingPoint Point, int Breaches, int Window)
        : AdaptationEvent("breach", At);

    /// <summary>Scoring at full depth showed that the active point is below its floor of quality or agreement, however sure its tokens look.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Point">What served.</param>
    /// <param name="Reason">Which floor, and how far below.</param>
    /// <param name="Profile">What is known of it.</param>
    /// <param name="ServedTokens">Tokens served since it was published.</param>
    /// <param name="ScoredTokens">Tokens scored since it was published.</param>
    public sealed record QualityBreach(DateTimeOffset At, OperatingPoint Point, string Reason, PointProfile Profile, long ServedTokens, long ScoredTokens)
        : AdaptationEvent("qualitybreach", At);

    /// <summary>The same model serves with more layers from now on.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why.</param>
    public sealed record Deepened(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("deepened", At);

    /// <summary>Another model, or fewer layers of the same one, serve from now on.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why.</param>
    public sealed record Switched(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("switched", At);

    /// <summary>What was decided could not be brought up; the former point goes on serving.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why; <see cref="AdaptationDecision.NotCarriedOutBecause"/> says what came in between.</param>
    public sealed record NotCarriedOut(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("notcarriedout", At);

    /// <summary>The guard found nothing better than the active point.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why.</param>
    public sealed record Stayed(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("stayed", At);

    /// <summary>The candidates were reassessed, whether or not anything changes.</summary>
    /// <param name="At">When it happened.</param>
    /// <param name="Decision">What was known, chosen and why.</param>
    public sealed record Reassessed(DateTimeOffset At, AdaptationDecision Decision)
        : AdaptationEvent("reassessed", At);
}

/// <summary>What an evaluation cost those who were served meanwhile.</summary>
/// <param name="Before">Requests that ended before it, as far back as they are kept; null when there was none.</param>
/// <param name="During">Requests that ended while it went on, those that candidates answered among them; null when there was none.</param>
public sealed record EvaluationTraffic(TrafficTimes? Before, TrafficTimes? During);

/// <summary>Medians over finished requests.</summary>
/// <param name="Requests">How many.</param>
/// <param name="TtftMs">Time from arrival to the first token, in milliseconds.</param>
/// <param name="TpotMs">Time per further token, in milliseconds; null when no answer was longer than a token.</param>
public sealed record TrafficTimes(int Requests, double TtftMs, double? TpotMs);
