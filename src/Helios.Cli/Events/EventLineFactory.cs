using System.Collections.Immutable;
using Helios.Cli.Output;
using Helios.Sdk;

namespace Helios.Cli.Events;

/// <summary>What the engine reports, as lines of a run's output.</summary>
internal static class EventLineFactory
{
    /// <summary>The line of an event; null for a kind that this command does not know.</summary>
    public static EventLine? Of(AdaptationEvent happened, double atMs) => happened switch
    {
        AdaptationEvent.Evaluated e => new EvaluatedLine(e.Kind, atMs, e.Model, e.Took.TotalMilliseconds, [.. e.Profiles.Select(Profile)], e.Traffic),
        AdaptationEvent.EvaluationFailed e => new EvaluationFailedLine(e.Kind, atMs, e.Model, e.Reason, e.RetryAfter?.TotalMilliseconds),
        AdaptationEvent.ObjectiveFailed e => new ObjectiveFailedLine(e.Kind, atMs, e.Objective, e.Reason, e.RetryAfter.TotalMilliseconds),
        AdaptationEvent.Loading e => new LoadLine(e.Kind, atMs, e.Target.Model, e.Target.Depth, e.Bytes),
        AdaptationEvent.Loaded e => new LoadLine(e.Kind, atMs, e.Target.Model, e.Target.Depth, e.Bytes, e.Took.TotalMilliseconds),
        AdaptationEvent.LoadFailed e => new LoadLine(e.Kind, atMs, e.Target.Model, e.Target.Depth, Reason: e.Reason, RetryAfterMs: e.RetryAfter?.TotalMilliseconds),
        AdaptationEvent.Breach e => new BreachLine(e.Kind, atMs, e.Point.Target.Model, e.Point.Target.Depth, e.Point.ExitPolicy, e.Breaches, e.Window),
        AdaptationEvent.QualityBreach e => new QualityBreachLine(e.Kind, atMs, e.Point.Target.Model, e.Point.Target.Depth, e.Point.ExitPolicy, e.Reason, Profile(e.Profile), e.ServedTokens, e.ScoredTokens),
        _ => DecisionOf(happened) is { } decision ? Decision(happened.Kind, atMs, decision) : null,
    };

    /// <summary>The decision behind an event; null when there is none.</summary>
    public static AdaptationDecision? DecisionOf(AdaptationEvent happened) => happened switch
    {
        AdaptationEvent.Selected e => e.Decision,
        AdaptationEvent.Deepened e => e.Decision,
        AdaptationEvent.Switched e => e.Decision,
        AdaptationEvent.Stayed e => e.Decision,
        AdaptationEvent.NotCarriedOut e => e.Decision,
        AdaptationEvent.Reassessed e => e.Decision,
        _ => null,
    };

    /// <summary>The change that an event reports; null when the active point stays the same.</summary>
    public static ChangeLine? Change(AdaptationEvent happened, double atMs) =>
        happened is AdaptationEvent.Deepened or AdaptationEvent.Switched && DecisionOf(happened) is { } decision
            ? new ChangeLine(atMs, decision.Previous?.ToString(), decision.Chosen.ToString(), Units.Name(decision.Trigger), decision.Reason)
            : null;

    private static DecisionLine Decision(string kind, double atMs, AdaptationDecision decision) => new(
        kind,
        atMs,
        Units.Name(decision.Trigger),
        Units.Name(decision.Act),
        decision.Previous?.ToString(),
        decision.Chosen.ToString(),
        decision.Chosen.Target.Model,
        decision.Chosen.Target.Depth,
        decision.Chosen.ExitPolicy,
        decision.Reason,
        decision.Degraded,
        decision.Batch,
        decision.PredictedCost is { } cost ? new CostLine(cost.BytesToLoad, Units.Finite(cost.LoadSeconds * 1000)) : null,
        [.. decision.Considered.Select(Considered)],
        decision.NotCarriedOutBecause);

    private static ConsideredLine Considered(ConsideredPoint considered) => new(
        considered.Point.Target.Model,
        considered.Point.Target.Depth,
        considered.Point.ExitPolicy,
        Units.Finite(considered.Score),
        [.. considered.Terms.Select(term => new TermLine(term.Name, Units.Finite(term.Value), term.Unit))],
        considered.InfeasibleBecause,
        considered.Batch);

    /// <summary>What is known of a candidate at one exit.</summary>
    public static ProfileLine Profile(PointProfile profile) => new(
        profile.Point.Target.Model,
        profile.Point.Target.Depth,
        profile.Point.ExitPolicy,
        Units.Finite(profile.Throughput),
        Units.Finite(profile.TpotMs),
        Units.Finite(profile.AloneTpotMs),
        Units.Finite(profile.TtftMs),
        profile.WeightBytes,
        profile.KvBytesPerSequence,
        profile.MaxBatch,
        Units.Finite(profile.BitsPerByte),
        Units.Finite(profile.QualityGap),
        Units.Finite(profile.Agreement),
        Units.Finite(profile.BreachRate),
        Units.Finite(profile.ExitShare),
        IntervalLine.Of(profile.QualityGapInterval),
        IntervalLine.Of(profile.AgreementInterval),
        IntervalLine.Of(profile.BreachRateInterval),
        Units.Finite(profile.LoadedTpotMs),
        Units.Finite(profile.TtftP95Ms),
        Units.Finite(profile.Utilisation),
        Units.Finite(profile.JoulesPerToken),
        [.. profile.Batches.Select(timing => new BatchLine(timing.Batch, Units.Finite(timing.TpotMs), Units.Finite(timing.TtftMs), Units.Finite(timing.Throughput)))],
        profile.EvidenceTokens,
        profile.EvidenceRequests);
}
