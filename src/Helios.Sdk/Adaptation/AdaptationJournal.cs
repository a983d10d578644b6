using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Adaptation;

/// <summary>Records every decision with its reason, and tells observers what happens. Thread-safe.</summary>
internal sealed partial class AdaptationJournal(TimeProvider time, ILogger<HeliosEngine> logger)
{
    private const int Kept = 256;

    private readonly Lock gate = new();
    private readonly Queue<AdaptationDecision> decisions = new();
    private readonly Queue<AdaptationEvent> events = new();
    private ImmutableArray<Action<AdaptationEvent>> observers = [];

    /// <summary>Told of every decision, on the thread that made it.</summary>
    public Action<AdaptationDecision>? OnDecision { get; set; }

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The latest decisions, oldest first.</summary>
    public IReadOnlyList<AdaptationDecision> Decisions
    {
        get { lock (gate) return [.. decisions]; }
    }

    /// <summary>Calls an observer for the latest events, then for every one to come, one at a time and in order; what it throws is logged.</summary>
    public IDisposable Subscribe(Action<AdaptationEvent> observer)
    {
        lock (gate)
        {
            foreach (var happened in events) Tell(observer, happened);
            observers = observers.Add(observer);
        }

        return new Subscription(() =>
        {
            lock (gate) observers = observers.Remove(observer);
        });
    }

    public void Decide(AdaptationDecision decision)
    {
        lock (gate) Keep(decisions, decision);
        OnDecision?.Invoke(decision);
        if (!logger.IsEnabled(LogLevel.Information)) return;
        var cost = decision.PredictedCost is { } load ? $"{load.BytesToLoad} bytes in {load.LoadSeconds:0.###} s" : "nothing";
        LogDecision(logger, decision.Trigger, decision.Act, decision.Chosen, decision.Reason, decision.Degraded, cost, string.Join("; ", decision.Considered.Select(Describe)));
    }

    public void Tell(AdaptationEvent happened)
    {
        lock (gate)
        {
            Keep(events, happened);
            foreach (var observer in observers) Tell(observer, happened);
        }
    }

    /// <summary>A candidate could not be scored; it stays as it was known.</summary>
    public void ScoringFailed(string model, Exception error)
    {
        LogScoringFailed(logger, model, error);
        Tell(new AdaptationEvent.EvaluationFailed(Now, model, error.Message, RetryAfter: null));
    }

    /// <summary>A candidate could not be evaluated; it is tried again.</summary>
    public void EvaluationFailed(string model, Exception error, TimeSpan retryAfter)
    {
        LogEvaluationFailed(logger, model, retryAfter, error);
        Tell(new AdaptationEvent.EvaluationFailed(Now, model, error.Message, retryAfter));
    }

    /// <summary>A candidate could not be scored for want of memory.</summary>
    public void NoRoomForScoring(string model) => LogNoRoomForScoring(logger, model);

    /// <summary>Kept profiles could not be used; the engine does without.</summary>
    /// <param name="what">What they could not be: read, or written.</param>
    /// <param name="path">The file.</param>
    /// <param name="reason">Why.</param>
    public void StoreFailed(string what, string path, string reason) => LogStoreFailed(logger, path, what, reason);

    private static string Describe(ConsideredPoint considered)
    {
        var verdict = considered.InfeasibleBecause is { } because ? $"may not serve, for {because}" : $"scores {considered.Score:0.###}";
        return considered.Terms.IsEmpty
            ? $"{considered.Point} {verdict}"
            : $"{considered.Point} ({string.Join(", ", considered.Terms.Select(term => $"{term.Name} {term.Value:0.###} {term.Unit}"))}) {verdict}";
    }

    private static void Keep<T>(Queue<T> kept, T item)
    {
        if (kept.Count == Kept) kept.Dequeue();
        kept.Enqueue(item);
    }

    private void Tell(Action<AdaptationEvent> observer, AdaptationEvent happened)
    {
        try
        {
            observer(happened);
        }
        catch (Exception error)
        {
            LogObserverFailed(logger, happened.Kind, error);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Trigger}: {Act} {Point}, because {Reason} (degraded: {Degraded}; to load: {Cost}; considered: {Considered})", SkipEnabledCheck = true)]
    private static partial void LogDecision(ILogger logger, AdaptationTrigger trigger, AdaptationAct act, OperatingPoint point, string reason, bool degraded, string cost, string considered);

    [LoggerMessage(2, LogLevel.Warning, "An observer of '{Kind}' threw")]
    private static partial void LogObserverFailed(ILogger logger, string kind, Exception error);

    [LoggerMessage(3, LogLevel.Warning, "Candidate '{Model}' could not be scored")]
    private static partial void LogScoringFailed(ILogger logger, string model, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "Candidate '{Model}' could not be scored: the memory budget has no room for it beside what serves")]
    private static partial void LogNoRoomForScoring(ILogger logger, string model);

    [LoggerMessage(5, LogLevel.Warning, "The profile store '{Path}' could not be {What}; the engine does without: {Reason}")]
    private static partial void LogStoreFailed(ILogger logger, string path, string what, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Candidate '{Model}' could not be evaluated; it is left alone for {RetryAfter}")]
    private static partial void LogEvaluationFailed(ILogger logger, string model, TimeSpan retryAfter, Exception error);

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? end = end;

        public void Dispose() => Interlocked.Exchange(ref end, null)?.Invoke();
    }
}
