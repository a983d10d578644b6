using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Helios.Sdk.Tests.Telemetry;

/// <summary>Makes the meter of one engine and collects what it measures; that of engines in other tests is not seen.</summary>
internal sealed class Collected : IMeterFactory
{
    private readonly ConcurrentQueue<Reading> readings = new();
    private readonly MeterListener listener = new();
    private Meter? meter;

    public Collected()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter)) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
    }

    public Meter Meter => meter!;

    public Meter Create(MeterOptions options)
    {
        meter.Should().BeNull("an engine has one meter");
        meter = new Meter(options);
        listener.Start();
        return meter;
    }

    /// <summary>Everything measured by an instrument so far, and what it says now if it is observed.</summary>
    public IReadOnlyList<Reading> Of(string instrument)
    {
        listener.RecordObservableInstruments();
        return [.. readings.Where(reading => reading.Instrument == instrument)];
    }

    public void Dispose()
    {
        listener.Dispose();
        meter?.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        readings.Enqueue(new Reading(instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal)));
}

internal sealed record Reading(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags)
{
    public object? this[string tag] => Tags.GetValueOrDefault(tag);
}
