using System.Diagnostics.Metrics;

namespace Helios.Sdk.Telemetry;

/// <summary>
/// The meter of one engine. A factory's meters outlive the engine, and so do what is observed through them: once this is
/// disposed, nothing is observed any more.
/// </summary>
internal sealed class EngineMeter : IDisposable
{
    private readonly Meter meter;
    private readonly bool isOwned;
    private volatile bool ended;

    /// <param name="factory">Makes the meter, and owns it; null makes one of its own.</param>
    /// <param name="engine">Name of the engine among several, by which their meters differ; empty for the one without.</param>
    public EngineMeter(IMeterFactory? factory, string engine)
    {
        isOwned = factory is null;
        var options = new MeterOptions(HeliosTelemetry.MeterName) { Version = HeliosTelemetry.Version, Tags = engine.Length > 0 ? [KeyValuePair.Create<string, object?>(HeliosTelemetry.EngineTag, engine)] : null };
        meter = factory?.Create(options) ?? new Meter(options);
    }

    public Counter<long> Count(string name, string unit, string description) => meter.CreateCounter<long>(name, unit, description);

    /// <summary>A histogram whose buckets have these upper bounds, unless its collector has others.</summary>
    public Histogram<T> Distribute<T>(string name, string unit, string description, params IReadOnlyList<T> bounds)
        where T : struct =>
        meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<T> { HistogramBucketBoundaries = bounds });

    /// <summary>A value that is read when a collector reads it, on any thread.</summary>
    public void Observe<T>(string name, Func<T> read, string unit, string description)
        where T : struct =>
        ObserveEach<T>(name, () => [new Measurement<T>(read())], unit, description);

    /// <summary>Values that are read when a collector reads them, on any thread.</summary>
    public void ObserveEach<T>(string name, Func<IEnumerable<Measurement<T>>> read, string unit, string description)
        where T : struct =>
        meter.CreateObservableGauge(name, () => ended ? [] : read(), unit, description);

    /// <summary>A sum that only rises, read when a collector reads it, on any thread.</summary>
    public void ObserveSum<T>(string name, Func<IEnumerable<Measurement<T>>> read, string unit, string description)
        where T : struct =>
        meter.CreateObservableCounter(name, () => ended ? [] : read(), unit, description);

    public void Dispose()
    {
        ended = true;
        if (isOwned) meter.Dispose();
    }
}
