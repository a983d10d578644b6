using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class BreachAlarmTests
{
    [Fact]
    public void At_a_rate_of_035_many_an_interval_alarms() =>
        BreachAlarm.Probability(0.35, 100, 50, 9600).Should().BeApproximately(0.44, 0.01);

    [Theory]
    [InlineData(0.25, 20, 10, 400)]
    [InlineData(0.33, 100, 50, 3000)]
    [InlineData(0.1, 10, 3, 100)]
    public void It_agrees_with_simulation(double rate, int window, int limit, int tokens)
    {
        const int Trials = 4000;
        var random = new Random(5);
        var alarms = Enumerable.Range(0, Trials).Count(_ => Alarms(random, rate, window, limit, tokens));

        // Four standard deviations of the simulation at most, and the approximation's own error.
        BreachAlarm.Probability(rate, window, limit, tokens).Should().BeApproximately((double)alarms / Trials, 0.035);
    }

    [Fact]
    public void The_safe_rate_is_safe_and_hardly_lower_than_need_be()
    {
        var rate = BreachAlarm.SafeRate(100, 50, 9600, 0.05);

        BreachAlarm.Probability(rate, 100, 50, 9600).Should().BeLessThanOrEqualTo(0.05);
        BreachAlarm.Probability(rate + 0.001, 100, 50, 9600).Should().BeGreaterThan(0.05);
        rate.Should().BeInRange(0.25, 0.35);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public void Certainties_are_certain(double rate, double expected) =>
        BreachAlarm.Probability(rate, 100, 50, 9600).Should().Be(expected);

    private static bool Alarms(Random random, double rate, int window, int limit, int tokens)
    {
        var ring = new bool[window];
        var count = 0;
        for (var i = 0; i < tokens; i++)
        {
            if (ring[i % window]) count--;
            ring[i % window] = random.NextDouble() < rate;
            if (ring[i % window] && ++count > limit) return true;
        }

        return false;
    }
}
