using Helios.Sdk.Energy;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Tests.Energy;

/// <summary>A meter that says what it was given.</summary>
internal sealed class FakeMeter : IEnergyMeter
{
    public EnergyReading Reading { get; set; }

    public Exception? Error { get; set; }

    public string Source => "fake";

    public EnergyReading Read() => Error is null ? Reading : throw Error;

    /// <summary>A gauge that has seen a device compute for a second at so many watts.</summary>
    public static EnergyGauge GaugeOf(double watts)
    {
        var (meter, clock, serving) = (new FakeMeter { Reading = EnergyReading.Of(0) }, new ManualClock(), new ServingState());
        var gauge = new EnergyGauge(meter, serving, clock);
        clock.Advance(TimeSpan.FromSeconds(1));
        serving.Computed(1);
        meter.Reading = EnergyReading.Of(watts);
        gauge.Sample();
        return gauge;
    }
}
