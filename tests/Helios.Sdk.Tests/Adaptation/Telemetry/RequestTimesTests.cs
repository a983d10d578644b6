using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Testing;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

public class RequestTimesTests
{
    private readonly ManualClock clock = new();
    private readonly RequestTimes times = new();

    [Fact]
    public void What_ended_before_a_moment_is_known_however_many_end_after_it()
    {
        Finish(10, ttft: 20, tpot: 2);
        var mark = times.MarkNow(clock);
        Finish(1000, ttft: 40, tpot: 4);

        var traffic = times.Around(mark, clock);

        traffic.Before.Should().Be(new TrafficTimes(10, 20, 2));
        traffic.During!.Requests.Should().BeInRange(1, 1000);
        (traffic.During.TtftMs, traffic.During.TpotMs).Should().Be((40, 4));
    }

    [Fact]
    public void Where_nothing_ended_there_is_nothing_to_tell()
    {
        var mark = times.MarkNow(clock);
        times.Around(mark, clock).Should().Be(new EvaluationTraffic(null, null));
    }

    [Fact]
    public void Only_what_ended_since_the_moment_counts_as_during()
    {
        Finish(3, ttft: 20, tpot: 2);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var mark = times.MarkNow(clock);
        Finish(2, ttft: 60, tpot: 6);

        times.Around(mark, clock).During.Should().Be(new TrafficTimes(2, 60, 6));
    }

    /// <summary>Requests of three tokens, one after another; times in milliseconds.</summary>
    private void Finish(int count, int ttft, int tpot)
    {
        for (var i = 0; i < count; i++)
        {
            var arrived = clock.GetTimestamp();
            clock.Advance(TimeSpan.FromMilliseconds(ttft));
            var first = clock.GetTimestamp();
            clock.Advance(TimeSpan.FromMilliseconds(2 * tpot));
            times.Add(arrived, first, clock.GetTimestamp(), tokens: 3);
        }
    }
}
