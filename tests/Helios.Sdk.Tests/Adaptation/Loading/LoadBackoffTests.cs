using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Adaptation.Loading;

public class LoadBackoffTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void A_failed_model_is_left_alone_and_each_time_longer()
    {
        var backoff = new LoadBackoff(clock);
        backoff.Check("m").Should().BeNull();

        backoff.Failed("m", "disk").Should().Be(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(0.25));
        backoff.Check("m").Should().Be(new AcquireResult.BackingOff(TimeSpan.FromSeconds(0.75), "disk"));
        backoff.Check("other").Should().BeNull();
        clock.Advance(TimeSpan.FromSeconds(0.75));
        backoff.Check("m").Should().BeNull();

        backoff.Failed("m", "disk").Should().Be(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void It_stays_below_five_minutes_and_is_forgotten_on_success()
    {
        var backoff = new LoadBackoff(clock);
        var delays = Enumerable.Range(0, 100).Select(_ => backoff.Failed("m", "disk")).ToList();

        delays.Should().BeInAscendingOrder();
        delays[^1].Should().Be(TimeSpan.FromMinutes(5));
        backoff.Succeeded("m");
        backoff.Check("m").Should().BeNull();
        backoff.Failed("m", "disk").Should().Be(TimeSpan.FromSeconds(1));
    }
}
