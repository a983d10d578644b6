using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>Demand, from idle to saturated.</summary>
public class LoadMeterTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void It_knows_batch_utilisation_and_tokens_per_second()
    {
        var meter = new LoadMeter(clock);
        Serve(meter, seconds: 60, sequences: 8, stepMs: 20, idleMs: 60).Should().Be(0);
        meter.Facts.MeanBatch.Should().BeApproximately(8, 1e-6);
        meter.Facts.Utilisation.Should().BeApproximately(0.25, 0.01);
        meter.Facts.TokensPerSecond.Should().BeApproximately(100, 1);
        meter.Facts.Concurrency.Should().BeApproximately(2, 0.1);
    }

    [Fact]
    public void It_notices_demand_that_doubles_or_halves()
    {
        var meter = new LoadMeter(clock);
        Serve(meter, 30, 2, 10, 0).Should().Be(0, "the first level is no change");
        Serve(meter, 30, 3, 10, 0).Should().Be(0, "half as much again is no change");
        Serve(meter, 60, 64, 10, 0).Should().BeInRange(1, 2);
        Serve(meter, 60, 64, 10, 0).Should().Be(0);
        Serve(meter, 60, 2, 10, 40).Should().BeInRange(1, 5, "the means sink through several halves");
        Serve(meter, 60, 2, 10, 40).Should().Be(0);
    }

    private int Serve(LoadMeter meter, double seconds, int sequences, double stepMs, double idleMs)
    {
        var changes = 0;
        for (var spent = 0.0; spent < seconds * 1000; spent += stepMs + idleMs)
        {
            clock.Advance(TimeSpan.FromMilliseconds(idleMs + stepMs));
            if (meter.StepRan(sequences, stepMs / 1000)) changes++;
        }

        return changes;
    }
}
