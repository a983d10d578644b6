using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class BreachCeilingsTests
{
    private const int Tokens = 9600;

    [Theory]
    [InlineData(1e6, 1)]
    [InlineData(20, 1)]
    [InlineData(20, 8)]
    [InlineData(20, 32)]
    [InlineData(8, 1)]
    [InlineData(8, 8)]
    public void At_the_ceiling_unchanged_traffic_seldom_alarms_however_alike_the_tokens_of_a_request_are(double concentration, int atOnce)
    {
        const int Trials = 100;
        var options = new AdaptationOptions();
        var ceiling = new BreachCeilings(options).Of(clustering: 1 / (concentration + 1), Tokens);

        var alarms = Enumerable.Range(0, Trials).Count(trial => BreachTraffic.Trips(
            options, new SyntheticRequests(trial) { Rate = ceiling, Concentration = concentration, LengthSpread = 0.3 }, Tokens, atOnce, trial));

        // Two and a half standard deviations above the 5 that are promised.
        alarms.Should().BeLessThanOrEqualTo(11);
    }

    [Fact]
    public void The_ceiling_is_the_lower_of_both_margins()
    {
        new BreachCeilings(new AdaptationOptions { BreachMargin = 0.4 }).Of(0, Tokens).Should().BeApproximately(0.1, 1e-12);
        new BreachCeilings(new AdaptationOptions { BreachMargin = 0 }).Of(0, Tokens).Should().BeApproximately(BreachAlarm.SafeRate(100, 50, 16384, 0.05), 1e-12);
        new BreachCeilings(new AdaptationOptions { BreachMargin = 0.6 }).Of(0, Tokens).Should().Be(0);
    }

    [Theory]
    [InlineData(0, 0.02)]
    [InlineData(0.02, 0.1)]
    [InlineData(0.1, 0.4)]
    [InlineData(0.4, 1)]
    public void The_more_alike_tokens_are_the_lower_it_is(double less, double more)
    {
        var ceilings = new BreachCeilings(new AdaptationOptions());

        ceilings.Of(more, Tokens).Should().BeGreaterThan(0).And.BeLessThan(ceilings.Of(less, Tokens));
    }

    [Fact]
    public void A_point_of_which_nothing_was_scored_is_taken_to_be_as_usual()
    {
        var ceilings = new BreachCeilings(new AdaptationOptions());
        var lengths = new UsualLengths();

        ceilings.For(lengths)(Sample.Point()).Should().Be(ceilings.Of(Clustering.Usual, ceilings.TokensPerInterval(lengths)));
    }
}
