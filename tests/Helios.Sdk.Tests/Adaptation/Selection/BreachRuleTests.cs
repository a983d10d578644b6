using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class BreachRuleTests
{
    private const int Horizon = 1000;

    private static readonly PointProfile Present = Sample.Point(depth: 2, throughput: 500) with { BreachRate = 0.25 };

    [Fact]
    public void It_takes_the_cheaper_of_deepening_and_switching()
    {
        // Deepen: 4 s to load, 10 s to serve. Switch: 5 s to load, 5 s to serve.
        var decision = Decide(0.25, Sample.Point(throughput: 100), Sample.Point("b", throughput: 200));

        decision.Chosen.Target.Model.Should().Be("b");
        decision.Act.Should().Be(AdaptationAct.Switch);
        decision.PredictedCost.Should().Be(new ChangeCost(500, 5));
        decision.Considered.Select(point => (point.Point.Target.Model, point.Score)).Should().Equal(("m", null), ("m", -14), ("b", -10));
        decision.Reason.Should().Contain("b@6").And.Contain("m@6 would cost 14 s");
    }

    [Fact]
    public void A_tie_deepens()
    {
        // 4 + 1000 / 200 = 9 s, and 5 + 1000 / 250 = 9 s.
        var decision = Decide(0.25, Sample.Point("b", throughput: 250), Sample.Point(throughput: 200));

        decision.Act.Should().Be(AdaptationAct.Deepen);
    }

    [Fact]
    public void The_cheapest_deeper_exit_that_holds_is_enough()
    {
        var decision = Decide(0.25, Sample.Point(depth: 3, throughput: 400) with { BreachRate = 0.29 }, Sample.Point(throughput: 100));

        decision.Chosen.Target.Depth.Should().Be(3);
    }

    [Fact]
    public void Harder_traffic_is_harder_at_every_exit()
    {
        // Odds here went from 1/3 to 1, by 3; at the deeper exit from 0.2/0.8 to 0.75, a rate of 3/7, over 0.3.
        var decision = Decide(0.5, Sample.Point(depth: 4, throughput: 400) with { BreachRate = 0.2 }, Sample.Point(throughput: 100));

        decision.Chosen.Target.Depth.Should().Be(6);
        decision.Considered[1].InfeasibleBecause.Should().Contain("0.429");
    }

    [Fact]
    public void Shallower_exits_of_the_same_model_are_no_way_out() =>
        Decide(0.5, Sample.Point(depth: 1, throughput: 900)).Considered.Should().HaveCount(1);

    [Fact]
    public void When_nothing_else_may_serve_what_serves_stays_degraded()
    {
        var decision = Decide(0.9, Sample.Point() with { MaxBatch = 0 }, Sample.Point("b") with { Throughput = 0 });

        decision.Act.Should().Be(AdaptationAct.Keep);
        decision.Degraded.Should().BeTrue();
        decision.Considered.Should().OnlyContain(point => point.InfeasibleBecause != null && point.Score == null);
    }

    private static AdaptationDecision Decide(double observed, params PointProfile[] others)
    {
        var objective = new FitsBudget(new ThroughputObjective());
        return new BreachRule(objective, maxBreachRate: _ => 0.3, Horizon).Decide(new BreachSituation
        {
            At = DateTimeOffset.UnixEpoch,
            Present = Present,
            ObservedBreachRate = observed,
            Others = others,
            BytesToLoad = target => target.Model == "b" ? 500 : 100 * (target.Depth - 2),
            LoadBytesPerSecond = 100,
        });
    }
}
