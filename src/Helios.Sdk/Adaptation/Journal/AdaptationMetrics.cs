using System.Diagnostics.Metrics;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk.Adaptation.Journal;

/// <summary>What the adaptation loop does, as metrics.</summary>
internal sealed class AdaptationMetrics
{
    private readonly Counter<long> decisions;
    private readonly Counter<long> changes;
    private readonly Counter<long> breaches;
    private readonly Counter<long> failures;
    private readonly Histogram<double> loads;
    private readonly Histogram<double> durations;

    public AdaptationMetrics(EngineMeter meter)
    {
        decisions = meter.Count("helios.adaptation.decisions", "{decision}", "Decisions, including those that change nothing.");
        changes = meter.Count("helios.adaptation.changes", "{change}", "Changes of the active point.");
        breaches = meter.Count("helios.adaptation.breaches", "{breach}", "Times that the confidence or the quality guard tripped.");
        failures = meter.Count("helios.load.failures", "{load}", "Loads that failed or were refused.");
        loads = meter.Distribute("helios.load.duration", "s", "Time of a load.", 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0);
        durations = meter.Distribute("helios.adaptation.change.duration", "s", "Time from a decision until its point is active.", 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0);
    }

    /// <summary>Counts a decision.</summary>
    public void Note(AdaptationDecision decision) => decisions.Add(1, TagsOf(decision));

    /// <summary>Counts what the adaptation loop publishes.</summary>
    public void Note(AdaptationEvent happened)
    {
        switch (happened)
        {
            case AdaptationEvent.Deepened { Decision: var decision }:
                Changed(decision, happened.At);
                break;
            case AdaptationEvent.Switched { Decision: var decision }:
                Changed(decision, happened.At);
                break;
            case AdaptationEvent.Breach:
                breaches.Add(1, KeyValuePair.Create<string, object?>("guard", "confidence"));
                break;
            case AdaptationEvent.QualityBreach:
                breaches.Add(1, KeyValuePair.Create<string, object?>("guard", "quality"));
                break;
            case AdaptationEvent.Loaded { Target: var target, Took: var took }:
                loads.Record(took.TotalSeconds, ModelTag(target.Model));
                break;
            case AdaptationEvent.LoadFailed { Target: var target }:
                failures.Add(1, ModelTag(target.Model));
                break;
        }
    }

    private void Changed(AdaptationDecision decision, DateTimeOffset at)
    {
        changes.Add(1, TagsOf(decision));
        durations.Record((at - decision.At).TotalSeconds, TagsOf(decision));
    }

    private static KeyValuePair<string, object?>[] TagsOf(AdaptationDecision decision) =>
    [
        KeyValuePair.Create<string, object?>("trigger", decision.Trigger.ToString()),
        KeyValuePair.Create<string, object?>("act", decision.Act.ToString()),
    ];

    private static KeyValuePair<string, object?> ModelTag(string name) => KeyValuePair.Create<string, object?>("model", name);
}
