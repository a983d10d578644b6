using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Adaptation.Journal;

/// <summary>Records every decision with its reason, and notifies observers of what happens. Thread-safe.</summary>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
/// <param name="metrics">Counts what is recorded; null counts nothing.</param>
internal sealed partial class AdaptationJournal(TimeProvider time, ILogger logger, AdaptationMetrics? metrics = null)
{
    private const int Kept = 256;

    /// <summary>Characters of a reason in the short line of a decision, so that the line stays under about 160.</summary>
    private const int MostReason = 110;

    private readonly Lock gate = new();
    private readonly List<AdaptationDecision> decisions = new(Kept);
    private readonly Queue<AdaptationEvent> events = new();
    private ImmutableArray<Action<AdaptationEvent>> observers = [];

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
            foreach (var happened in events) Notify(observer, happened);
            observers = observers.Add(observer);
        }

        return new Subscription(() =>
        {
            lock (gate) observers = observers.Remove(observer);
        });
    }

    public void Decide(AdaptationDecision decision)
    {
        lock (gate)
        {
            if (decisions.Count == Kept) decisions.RemoveAt(0);
            decisions.Add(decision);
        }

        metrics?.Note(decision);
        if (logger.IsEnabled(LogLevel.Information)) LogDecision(logger, decision.Trigger, decision.Act, decision.Chosen, Shorten(decision.Reason));
        if (!logger.IsEnabled(LogLevel.Debug)) return;
        var cost = decision.PredictedCost is { } load ? Invariant($"{load.BytesToLoad} bytes in {load.LoadSeconds:0.###} s") : "nothing";
        LogRecord(logger, decision.Trigger, decision.Act, decision.Chosen, decision.Reason, decision.Degraded, cost, string.Join("; ", decision.Considered.Select(Describe)));
    }

    /// <summary>What was decided could not be brought up: the record of it says so from now on.</summary>
    /// <param name="decision">As it was recorded.</param>
    /// <param name="because">Why.</param>
    /// <returns>The record as it is now.</returns>
    public AdaptationDecision NotCarriedOut(AdaptationDecision decision, string because)
    {
        var failed = decision with { NotCarriedOutBecause = because };
        lock (gate)
        {
            if (decisions.FindLastIndex(kept => ReferenceEquals(kept, decision)) is var at and >= 0) decisions[at] = failed;
        }

        LogNotCarriedOut(logger, failed.Trigger, failed.Chosen, because);
        Publish(new AdaptationEvent.NotCarriedOut(Now, failed));
        return failed;
    }

    public void Publish(AdaptationEvent happened)
    {
        lock (gate)
        {
            if (events.Count == Kept) events.Dequeue();
            events.Enqueue(happened);
            metrics?.Note(happened);
            foreach (var observer in observers) Notify(observer, happened);
        }
    }

    /// <summary>Layers were loaded and are in place.</summary>
    /// <param name="target">What is loaded of the model now.</param>
    /// <param name="bytes">Bytes that were read for it.</param>
    /// <param name="took">How long that took.</param>
    public void Loaded(LoadTarget target, long bytes, TimeSpan took)
    {
        LogLoaded(logger, target, bytes, took.TotalSeconds);
        Publish(new AdaptationEvent.Loaded(Now, target, bytes, took));
    }

    /// <summary>A candidate could not be scored; it stays as it was known.</summary>
    public void ScoringFailed(string model, Exception error)
    {
        LogScoringFailed(logger, model, error);
        Publish(new AdaptationEvent.EvaluationFailed(Now, model, error.Message, RetryAfter: null));
    }

    /// <summary>A candidate could not be evaluated; it is tried again.</summary>
    public void EvaluationFailed(string model, Exception error, TimeSpan retryAfter)
    {
        LogEvaluationFailed(logger, model, retryAfter, error);
        Publish(new AdaptationEvent.EvaluationFailed(Now, model, error.Message, retryAfter));
    }

    /// <summary>An objective threw; the active point stays.</summary>
    public void ObjectiveFailed(string objective, Exception error, string reason, TimeSpan retryAfter)
    {
        LogObjectiveFailed(logger, objective, retryAfter, error);
        Publish(new AdaptationEvent.ObjectiveFailed(Now, objective, reason, retryAfter));
    }

    /// <summary>A candidate could not be scored for want of memory.</summary>
    public void NoRoomForScoring(string model) => LogNoRoomForScoring(logger, model);

    /// <summary>Kept profiles could not be used; the engine does without.</summary>
    /// <param name="what">What they could not be: read, or written.</param>
    /// <param name="path">The file.</param>
    /// <param name="reason">Why.</param>
    public void StoreFailed(string what, string path, string reason) => LogStoreFailed(logger, path, what, reason);

    /// <summary>The main reason: what stands behind a semicolon is said besides, and the record has it all.</summary>
    private static string Shorten(string reason)
    {
        var main = reason.Split(';', 2)[0];
        return main.Length <= MostReason ? main : $"{main.AsSpan(0, MostReason - 1)}…";
    }

    private static string Describe(ConsideredPoint considered)
    {
        var verdict = considered.InfeasibleBecause is { } because ? $"is infeasible: {because}" : Invariant($"scores {considered.Score:0.###}");
        return considered.Terms.IsEmpty
            ? $"{considered.Point} {verdict}"
            : $"{considered.Point} ({string.Join(", ", considered.Terms.Select(term => Invariant($"{term.Name} {term.Value:0.###} {term.Unit}")))}) {verdict}";
    }

    private void Notify(Action<AdaptationEvent> observer, AdaptationEvent happened)
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

    [LoggerMessage(1, LogLevel.Information, "{Trigger}: {Act} {Point}, because {Reason}", SkipEnabledCheck = true)]
    private static partial void LogDecision(ILogger logger, AdaptationTrigger trigger, AdaptationAct act, OperatingPoint point, string reason);

    [LoggerMessage(9, LogLevel.Debug, "{Trigger}: {Act} {Point}, because {Reason} (degraded: {Degraded}; to load: {Cost}; considered: {Considered})", SkipEnabledCheck = true)]
    private static partial void LogRecord(ILogger logger, AdaptationTrigger trigger, AdaptationAct act, OperatingPoint point, string reason, bool degraded, string cost, string considered);

    [LoggerMessage(2, LogLevel.Warning, "An observer of '{Kind}' threw")]
    private static partial void LogObserverFailed(ILogger logger, string kind, Exception error);

    [LoggerMessage(3, LogLevel.Warning, "Candidate '{Model}' could not be scored")]
    private static partial void LogScoringFailed(ILogger logger, string model, Exception error);

    [LoggerMessage(4, LogLevel.Warning, "Candidate '{Model}' could not be scored: the memory budget has no room for it beside the active point")]
    private static partial void LogNoRoomForScoring(ILogger logger, string model);

    [LoggerMessage(5, LogLevel.Warning, "The profile store '{Path}' could not be {What}; the engine runs without it: {Reason}")]
    private static partial void LogStoreFailed(ILogger logger, string path, string what, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Candidate '{Model}' could not be evaluated; the next try is in {RetryAfter}")]
    private static partial void LogEvaluationFailed(ILogger logger, string model, TimeSpan retryAfter, Exception error);

    [LoggerMessage(7, LogLevel.Warning, "Objective '{Objective}' threw; the active point stays, and the objective is not called again for {RetryAfter}")]
    private static partial void LogObjectiveFailed(ILogger logger, string objective, TimeSpan retryAfter, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "{Trigger}: {Point} was chosen but could not be loaded; the former point keeps serving: {Because}")]
    private static partial void LogNotCarriedOut(ILogger logger, AdaptationTrigger trigger, OperatingPoint point, string because);

    [LoggerMessage(28, LogLevel.Information, "{Target} is loaded: {Bytes} bytes in {Seconds:0.###} s")]
    private static partial void LogLoaded(ILogger logger, LoadTarget target, long bytes, double seconds);

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? end = end;

        public void Dispose() => Interlocked.Exchange(ref end, null)?.Invoke();
    }
}
