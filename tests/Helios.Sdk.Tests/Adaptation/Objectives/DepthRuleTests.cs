using Helios.Sdk.Adaptation.Objectives;

namespace Helios.Sdk.Tests.Adaptation.Objectives;

public class DepthRuleTests
{
    [Fact]
    public void Coverage_takes_the_shallowest_exit_up_to_which_enough_tokens_leave()
    {
        var options = new AdaptationOptions { DepthRule = "coverage:0.9", MaxQualityGap = null };
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), options, maxBreachRate: _ => 0);
        PointProfile[] points =
        [
            Sample.Point(depth: 2, throughput: 300) with { Coverage = 0.62, BreachRate = 0.38 },
            Sample.Point(depth: 4, throughput: 200) with { Coverage = 0.9, BreachRate = 0.2 },
            Sample.Point(depth: 6, throughput: 100) with { Coverage = 1 },
        ];

        points.Where(point => objective.Score(point).IsFeasible).MaxBy(point => objective.Score(point).Value)!.Point.Target.Depth.Should().Be(4);
        objective.Score(points[0]).InfeasibleBecause.Should().Be("0.62 of all tokens leave up to here, under 0.9");
        objective.Score(points[1] with { Coverage = null }).InfeasibleBecause.Should().Contain("not measured yet");
    }

    [Fact]
    public void Without_it_the_breach_rate_has_a_ceiling()
    {
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), new AdaptationOptions { MaxQualityGap = null }, maxBreachRate: _ => 0.3);

        objective.Score(Sample.Point(depth: 4) with { Coverage = 0.1, BreachRate = 0.3 }).IsFeasible.Should().BeTrue();
        objective.Score(Sample.Point(depth: 4) with { Coverage = 0.99, BreachRate = 0.31 }).IsFeasible.Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("coverage")]
    [InlineData("coverage:0")]
    [InlineData("coverage:1.1")]
    [InlineData("coverage:NaN")]
    public void What_is_unknown_is_named(string text)
    {
        var parse = () => DepthRule.Parse(text);

        parse.Should().Throw<ArgumentException>().WithMessage($"*'{text}'*coverage:0.9*");
    }
}
