using System.Diagnostics;

namespace Helios.Sdk.Adaptation.Journal;

/// <summary>
/// Decisions as activities of the source <c>Helios.Sdk</c>: <c>helios.decision</c> lasts from the decision until its point serves, with
/// an event for every point considered. Costs a branch without a listener.
/// </summary>
internal static class DecisionTrace
{
    /// <summary>Begins the activity of a decision; null without a listener. The caller disposes it when the decision was carried out.</summary>
    public static Activity? Start(AdaptationDecision decision, string engine = "")
    {
        if (HeliosTelemetry.Source.StartActivity("helios.decision") is not { } activity) return null;
        if (engine.Length > 0) activity.SetTag(HeliosTelemetry.EngineTag, engine);
        activity.SetTag("helios.trigger", decision.Trigger.ToString());
        activity.SetTag("helios.act", decision.Act.ToString());
        activity.SetTag("helios.previous", decision.Previous?.ToString());
        activity.SetTag("helios.chosen", decision.Chosen.ToString());
        activity.SetTag("helios.reason", decision.Reason);
        activity.SetTag("helios.degraded", decision.Degraded);
        if (decision.PredictedCost is { } cost)
        {
            activity.SetTag("helios.cost.bytes", cost.BytesToLoad);
            activity.SetTag("helios.cost.seconds", cost.LoadSeconds);
        }

        foreach (var considered in decision.Considered) activity.AddEvent(new ActivityEvent("considered", tags: TagsOf(considered)));
        return activity;
    }

    /// <summary>Says that what was decided could not be carried out.</summary>
    public static void Fail(Activity? activity, string because) => activity?.SetStatus(ActivityStatusCode.Error, because);

    private static ActivityTagsCollection TagsOf(ConsideredPoint considered)
    {
        var tags = new ActivityTagsCollection { ["helios.point"] = considered.Point.ToString() };
        if (considered.Score is { } score) tags["helios.score"] = score;
        if (considered.InfeasibleBecause is { } because) tags["helios.infeasible"] = because;
        foreach (var term in considered.Terms) tags[$"helios.term.{term.Name}"] = term.Value;
        return tags;
    }
}
