using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>Whether what is served has become another.</summary>
public class DriftWatchTests
{
    private readonly Route route = Sample.Route();
    private readonly Random random = new(1);

    [Fact]
    public void Unchanged_traffic_seldom_alarms()
    {
        var watch = new DriftWatch(route);
        Alarms(watch, requests: 40_000, Confidence(0.8), depth: 6).Should().BeLessThanOrEqualTo(2, "40,000 requests are 5,000 values, and a false alarm comes about every 10,000");
    }

    [Theory]
    [InlineData(0.7, 6)]
    [InlineData(0.9, 6)]
    [InlineData(0.8, 5.5)]
    public void Confidence_that_falls_or_rises_and_depth_that_moves_are_seen(double confidence, double depth)
    {
        var watch = new DriftWatch(route);
        Alarms(watch, 800, Confidence(0.8), depth: 6).Should().Be(0);
        Alarms(watch, 800, Confidence(confidence), depth).Should().BePositive();
    }

    [Fact]
    public void Tokens_of_another_route_say_nothing()
    {
        var watch = new DriftWatch(Sample.Route());
        Alarms(watch, 500, Confidence(0.8), 6).Should().Be(0);
        Alarms(watch, 500, Confidence(0.2), 6).Should().Be(0);
    }

    [Fact]
    public void Nothing_is_allocated_per_token()
    {
        var watch = new DriftWatch(route);
        Alarms(watch, 100, () => 0.5f, 6);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            watch.Note(new EmittedToken(route, i, 0, 6, 0.5f));
            watch.NoteEnd(route, batch: 1);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private Func<float> Confidence(double mean) => () => (float)(mean + 0.2 * (random.NextDouble() - 0.5));

    /// <summary>Requests of 10 tokens; a depth that is no whole number is that on average.</summary>
    private int Alarms(DriftWatch watch, int requests, Func<float> confidence, double depth)
    {
        var alarms = 0;
        for (var i = 0; i < requests; i++)
        {
            for (var token = 0; token < 10; token++)
                watch.Note(new EmittedToken(route, i, 0, (int)(depth + random.NextDouble() * (depth % 1 == 0 ? 0 : 1)), confidence()));
            if (watch.NoteEnd(route, batch: 1)) alarms++;
        }

        return alarms;
    }
}
