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

    [Fact]
    public void It_fades_while_nothing_comes()
    {
        var meter = new LoadMeter(clock);
        Serve(meter, 30, 8, 20, 0);
        meter.Facts.TokensPerSecond.Should().BeApproximately(400, 5);

        clock.Advance(LoadMeter.Memory);
        meter.Facts.TokensPerSecond.Should().BeApproximately(400 / Math.E, 5);
        meter.Facts.Concurrency.Should().BeApproximately(8 / Math.E, 0.1);
        clock.Advance(10 * LoadMeter.Memory);
        meter.Facts.TokensPerSecond.Should().BeLessThan(0.1);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(1000)]
    public void Traffic_that_returns_is_known_within_a_few_seconds_however_long_it_was_gone(double idleSeconds)
    {
        var meter = new LoadMeter(clock);
        Serve(meter, 30, 2, 20, 20);
        clock.Advance(TimeSpan.FromSeconds(idleSeconds));

        Serve(meter, 3, 8, 20, 0);

        meter.Facts.TokensPerSecond.Should().BeApproximately(400, 5);
        meter.Facts.Utilisation.Should().BeApproximately(1, 0.02);
        meter.Facts.Concurrency.Should().BeApproximately(8, 0.2);
    }

    [Fact]
    public void Saturation_shows_what_is_asked_for_and_not_what_is_served()
    {
        var meter = new LoadMeter(clock);
        var waiting = 0;
        for (var second = 0; second < 30; second++)
        {
            // Twenty requests of 50 tokens a second, of which 400 tokens are served.
            for (var i = 0; i < 20; i++) meter.Asked(50);
            waiting += 12;
            Serve(meter, 1, 8, 20, 0, waiting);
        }

        meter.Facts.TokensPerSecond.Should().BeApproximately(1000, 100);
        meter.Facts.Waiting.Should().BeGreaterThan(200);
    }

    [Fact]
    public void While_nobody_waits_demand_is_what_is_served_however_unevenly_it_comes()
    {
        var meter = new LoadMeter(clock);
        Serve(meter, 30, 8, 20, 0);
        meter.Asked(5000);

        meter.Facts.TokensPerSecond.Should().BeApproximately(400, 5);
    }

    [Fact]
    public void A_queue_that_doubles_is_noticed_though_no_more_is_served()
    {
        var meter = new LoadMeter(clock);
        Serve(meter, 30, 8, 20, 0).Should().Be(0);
        Serve(meter, 30, 8, 20, 0, waiting: 40).Should().BeInRange(1, 3);
        Serve(meter, 30, 8, 20, 0, waiting: 40).Should().Be(0);
        Serve(meter, 60, 8, 20, 0).Should().BeInRange(1, 3);
    }

    private int Serve(LoadMeter meter, double seconds, int sequences, double stepMs, double idleMs, int waiting = 0)
    {
        var changes = 0;
        for (var spent = 0.0; spent < seconds * 1000; spent += stepMs + idleMs)
        {
            clock.Advance(TimeSpan.FromMilliseconds(idleMs + stepMs));
            if (meter.StepRan(sequences, waiting, stepMs / 1000)) changes++;
        }

        return changes;
    }
}
