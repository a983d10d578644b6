using System.Diagnostics.Metrics;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The adaptation loop as metrics of the meter <c>Helios.Sdk</c>. Figures are read when somebody collects them, and cost nothing
/// until then. Each comes as an estimate and both ends of its interval, told apart by the tag <c>bound</c>.
/// </summary>
internal sealed class AdaptationMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Helios.Sdk";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> changes;
    private readonly Counter<long> breaches;
    private readonly Profiles profiles;

    public AdaptationMetrics(Profiles profiles, DeviceWork work)
    {
        this.profiles = profiles;
        changes = meter.CreateCounter<long>("helios.adaptation.changes", "{change}", "Points that began to serve.");
        breaches = meter.CreateCounter<long>("helios.adaptation.breaches", "{breach}", "Times that a guard spoke, of confidence or of quality.");
        meter.CreateObservableGauge("helios.quality.agreement", () => Measure(profile => profile.Agreement, profile => profile.AgreementInterval), "1", "Share of tokens equal to the same model's full-depth token.");
        meter.CreateObservableGauge("helios.quality.gap", () => Measure(profile => profile.QualityGap, profile => profile.QualityGapInterval), "bit/By", "Bits per byte above the best candidate at full depth.");
        meter.CreateObservableGauge("helios.quality.breach_rate", () => Measure(profile => profile.BreachRate, profile => profile.BreachRateInterval), "1", "Share of tokens whose confidence is under target.");
        meter.CreateObservableGauge("helios.scoring.share", () => work.Share, "1", "Share of busy device time that scoring took lately.");
    }

    /// <summary>Counts what the adaptation loop tells.</summary>
    public void Note(AdaptationEvent happened)
    {
        switch (happened)
        {
            case AdaptationEvent.Deepened { Decision: var decision }:
                Count(decision);
                break;
            case AdaptationEvent.Switched { Decision: var decision }:
                Count(decision);
                break;
            case AdaptationEvent.Breach:
                breaches.Add(1, KeyValuePair.Create<string, object?>("guard", "confidence"));
                break;
            case AdaptationEvent.QualityBreach:
                breaches.Add(1, KeyValuePair.Create<string, object?>("guard", "quality"));
                break;
        }
    }

    public void Dispose() => meter.Dispose();

    private void Count(AdaptationDecision decision) => changes.Add(
        1,
        KeyValuePair.Create<string, object?>("trigger", decision.Trigger.ToString()),
        KeyValuePair.Create<string, object?>("act", decision.Act.ToString()));

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
        KeyValuePair.Create<string, object?>("model", profile.Point.Target.Model),
        KeyValuePair.Create<string, object?>("depth", profile.Point.Target.Depth),
        KeyValuePair.Create<string, object?>("serving", profile.IsServing),
        KeyValuePair.Create<string, object?>("bound", bound));
}
