using System.Diagnostics.Metrics;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Serving;
using Helios.Sdk.Telemetry;

namespace Helios.Sdk.Adaptation.Profiling;

/// <summary>
/// What is known of points, as metrics. Figures are read when a collector reads them, and cost nothing until then. What is known of a
/// point comes as an estimate and both ends of its interval, distinguished by the tag <c>bound</c>.
/// </summary>
internal static class ProfileMetrics
{
    /// <summary>Adds the gauges to an engine's meter, on which they live.</summary>
    public static void Add(EngineMeter meter, Profiles profiles, DeviceWork work)
    {
        meter.ObserveEach("helios.quality.agreement", () => Measure(profiles, profile => profile.Agreement, profile => profile.AgreementInterval), "1", "Share of tokens equal to the same model's full-depth token.");
        meter.ObserveEach("helios.quality.gap", () => Measure(profiles, profile => profile.QualityGap, profile => profile.QualityGapInterval), "bit/By", "Bits per byte above the best candidate at full depth.");
        meter.ObserveEach("helios.quality.breach_rate", () => Measure(profiles, profile => profile.BreachRate, profile => profile.BreachRateInterval), "1", "Share of tokens whose confidence is below the target.");
        meter.Observe("helios.scoring.share", () => work.Share, "1", "Recent share of busy device time that scoring took.");
        meter.ObserveEach("helios.cost_model.error", () => CostErrors(profiles), "1", "Mean relative error of predicted step times.");
    }

    private static IEnumerable<Measurement<double>> CostErrors(Profiles profiles)
    {
        foreach (var candidate in profiles.Candidates)
        {
            if (candidate.Costs.Unhurried.RelativeError is { } error) yield return new(error, ModelTag(candidate.Name));
        }
    }

    private static IEnumerable<Measurement<double>> Measure(Profiles profiles, Func<PointProfile, double?> estimate, Func<PointProfile, Interval?> interval)
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

    private static KeyValuePair<string, object?> ModelTag(string name) => KeyValuePair.Create<string, object?>("model", name);
}
