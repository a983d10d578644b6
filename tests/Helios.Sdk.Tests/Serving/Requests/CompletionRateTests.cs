using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Tests.Serving.Requests;

public class CompletionRateTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void Nothing_is_said_before_anything_was_completed() => new CompletionRate(clock).TimeFor(10).Should().BeNull();

    [Fact]
    public void Requests_take_as_long_as_they_took_lately()
    {
        var rate = new CompletionRate(clock);
        Complete(rate, perSecond: 5, seconds: 20);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(20, 2);
        Complete(rate, perSecond: 50, seconds: 60);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(2, 0.2);
        rate.TimeFor(0).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_young_average_is_not_taken_for_a_low_one()
    {
        var rate = new CompletionRate(clock);
        Complete(rate, perSecond: 10, seconds: 2);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(10, 1);
    }

    [Fact]
    public void An_estimate_has_an_end()
    {
        var rate = new CompletionRate(clock);
        rate.Count();
        clock.Advance(TimeSpan.FromDays(30));
        rate.TimeFor(1000).Should().Be(TimeSpan.FromDays(1));
    }

    private void Complete(CompletionRate rate, int perSecond, int seconds)
    {
        for (var i = 0; i < perSecond * seconds; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1.0 / perSecond));
            rate.Count();
        }
    }
}
