using System.Diagnostics.Metrics;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Serving;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The adaptation loop as metrics. Figures are read when somebody collects them, and cost nothing until then. What is known of a
/// point comes as an estimate and both ends of its interval, told apart by the tag <c>bound</c>.
/// </summary>
internal sealed class AdaptationMetrics
{
    private readonly Counter<long> decisions;
    private readonly Counter<long> changes;
    private readonly Counter<long> breaches;
    private readonly Counter<long> failures;
    private readonly Histogram<double> loads;
    private readonly Histogram<double> durations;
    private readonly Profiles profiles;

    public AdaptationMetrics(EngineMeter meter, Profiles profiles, DeviceWork work)
    {
        this.profiles = profiles;
        decisions = meter.Count("helios.adaptation.decisions", "{decision}", "Decisions, those that change nothing among them.");
        changes = meter.Count("helios.adaptation.changes", "{change}", "Points that began to serve.");
        breaches = meter.Count("helios.adaptation.breaches", "{breach}", "Times that a guard spoke, of confidence or of quality.");
        failures = meter.Count("helios.load.failures", "{load}", "Loads that failed or were refused.");
        loads = meter.Distribute("helios.load.duration", "s", "Time of a load.", 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0);
        durations = meter.Distribute("helios.adaptation.change.duration", "s", "Time from a decision until its point served.", 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0);
        meter.ObserveEach("helios.quality.agreement", () => Measure(profile => profile.Agreement, profile => profile.AgreementInterval), "1", "Share of tokens equal to the same model's full-depth token.");
        meter.ObserveEach("helios.quality.gap", () => Measure(profile => profile.QualityGap, profile => profile.QualityGapInterval), "bit/By", "Bits per byte above the best candidate at full depth.");
        meter.ObserveEach("helios.quality.breach_rate", () => Measure(profile => profile.BreachRate, profile => profile.BreachRateInterval), "1", "Share of tokens whose confidence is under target.");
        meter.Observe("helios.scoring.share", () => work.Share, "1", "Share of busy device time that scoring took lately.");
        meter.ObserveEach("helios.cost_model.error", CostErrors, "1", "Mean relative error of predicted step times.");
    }

    /// <summary>Counts a decision.</summary>
    public void Note(AdaptationDecision decision) => decisions.Add(1, TagsOf(decision));

    /// <summary>Counts what the adaptation loop tells.</summary>
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

    private IEnumerable<Measurement<double>> CostErrors()
    {
        foreach (var candidate in profiles.Candidates)
        {
            if (candidate.Costs.Unhurried.RelativeError is { } error) yield return new(error, ModelTag(candidate.Name));
        }
    }

    private IEnumerable<Measurement<double>> Measure(Func<PointProfile, double?> estimate, Func<PointProfile, Interval?> interval)
    {
        foreach (var profile in profiles.Latest)
        {
            if (estimate(profile) is not { } value) continue;
            yield return Measured(value, profile, "estimate");
            if (interval(profile) is not { } range) continue;
            yield return Measured(range.Low, profile, "low");
            yield return Measured(range.High, profile, "high");
        }
    }

    private static Measurement<double> Measured(double value, PointProfile profile, string bound) => new(
        value,
        ModelTag(profile.Point.Target.Model),
        KeyValuePair.Create<string, object?>("depth", profile.Point.Target.Depth),
        KeyValuePair.Create<string, object?>("serving", profile.IsServing),
        KeyValuePair.Create<string, object?>("bound", bound));

    private static KeyValuePair<string, object?>[] TagsOf(AdaptationDecision decision) =>
    [
        KeyValuePair.Create<string, object?>("trigger", decision.Trigger.ToString()),
        KeyValuePair.Create<string, object?>("act", decision.Act.ToString()),
    ];

    private static KeyValuePair<string, object?> ModelTag(string name) => KeyValuePair.Create<string, object?>("model", name);
}
