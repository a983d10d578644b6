using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Tests.Serving.Requests;

public class CompletionRateTests
{
    private readonly CompletionRate rate = new();

    [Fact]
    public void Nothing_is_said_before_anything_was_completed()
    {
        rate.TimeFor(10).Should().BeNull();
        rate.Worked(TimeSpan.FromSeconds(1));
        rate.TimeFor(10).Should().BeNull();
    }

    [Fact]
    public void Requests_take_as_long_as_they_took_lately()
    {
        Complete(perSecond: 5, seconds: 20);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(20, 0.5);
        Complete(perSecond: 50, seconds: 60);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(2, 0.1);
        rate.TimeFor(0).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void A_young_average_is_not_taken_for_a_low_one()
    {
        Complete(perSecond: 10, seconds: 2);
        rate.TimeFor(100)!.Value.TotalSeconds.Should().BeApproximately(10, 0.5);
    }

    [Fact]
    public void An_estimate_has_an_end()
    {
        rate.Count();
        rate.Worked(TimeSpan.FromSeconds(100));
        rate.TimeFor(1000).Should().Be(TimeSpan.FromDays(1));
    }

    private void Complete(int perSecond, int seconds)
    {
        for (var i = 0; i < perSecond * seconds; i++)
        {
            rate.Worked(TimeSpan.FromSeconds(1.0 / perSecond));
            rate.Count();
        }
    }
}
