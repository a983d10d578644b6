using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class PointSelectorTests
{
    private static readonly PointSelector Selector = new(
        ObjectiveParser.Constrain(new ThroughputObjective(), new AdaptationOptions { MaxQualityGap = 0.1 }, maxBreachRate: _ => 0.3), minimumGain: 0.03);

    [Fact]
    public void The_best_feasible_point_is_chosen()
    {
        var decision = Decide(null, Sample.Point(depth: 2, throughput: 300) with { QualityGap = 0.2 }, Sample.Point(depth: 4, throughput: 200), Sample.Point(depth: 6));

        decision.Chosen.Target.Depth.Should().Be(4);
        decision.Act.Should().Be(AdaptationAct.Start);
        decision.Degraded.Should().BeFalse();
        decision.Considered.Select(point => (point.Score, point.InfeasibleBecause is null)).Should().Equal((null, false), (200, true), (100, true));
        decision.Considered[0].Terms.Should().NotBeEmpty();
    }

    [Fact]
    public void The_batch_of_the_score_is_that_of_the_decision()
    {
        var selector = new PointSelector(ObjectiveParser.Parse("goodput:ttft=1s,tpot=12ms"), minimumGain: 0);
        var decision = selector.Decide(Request(null, Sample.Point() with { Batches = [new(1, 10, 20, 90), new(4, 13, 20, 300)] }));

        decision.Batch.Should().Be(3);
        decision.Considered[0].Batch.Should().Be(3);
        Decide(null, Sample.Point()).Batch.Should().BeNull();
    }

    [Fact]
    public void A_point_that_serves_for_want_of_a_feasible_one_keeps_to_the_batch_of_its_score()
    {
        var selector = new PointSelector(new FitsBudget(new QualityFloor(ObjectiveParser.Parse("goodput:ttft=1s,tpot=12ms"), maxGap: 0.1, need: default)), minimumGain: 0);

        var decision = selector.Decide(Request(null, Sample.Point() with { QualityGap = 0.2, Batches = [new(1, 10, 20, 90), new(4, 13, 20, 300)] }));

        decision.Degraded.Should().BeTrue();
        decision.Batch.Should().Be(3);
    }

    [Theory]
    [InlineData(103, 6)] // 3 % is not more than the minimum gain
    [InlineData(103.1, 4)]
    public void What_serves_is_left_only_for_a_gain(double throughput, int expected)
    {
        var decision = Decide(Sample.Point().Point, Sample.Point(depth: 4, throughput: throughput), Sample.Point());

        decision.Chosen.Target.Depth.Should().Be(expected);
        decision.Act.Should().Be(expected == 6 ? AdaptationAct.Keep : AdaptationAct.Trim);
    }

    [Fact]
    public void What_serves_but_may_not_is_left_even_for_less()
    {
        var decision = Decide(Sample.Point(depth: 2).Point, Sample.Point(depth: 2, throughput: 300) with { BreachRate = 0.4 }, Sample.Point());

        decision.Act.Should().Be(AdaptationAct.Deepen);
    }

    [Fact]
    public void Ties_go_to_what_is_loaded()
    {
        var request = Request(null, Sample.Point("a"), Sample.Point("b"), Sample.Point("c")) with
        {
            IsLoaded = target => target.Model == "c",
            CostOf = target => new ChangeCost(target.Depth, 1),
        };

        var decision = Selector.Decide(request);

        decision.Chosen.Target.Model.Should().Be("c");
        decision.PredictedCost.Should().Be(new ChangeCost(6, 1));
    }

    [Theory]
    [InlineData(5, "b")]
    [InlineData(7.5, "a")]
    public void A_change_must_pay_for_its_load_within_the_horizon(double loadSeconds, string chosen)
    {
        var (present, better) = (Sample.Point("a", throughput: 100), Sample.Point("b", throughput: 115));
        var decision = Selector.Decide(Request(present.Point, present, better) with
        {
            CostOf = target => target.Model == "b" ? new ChangeCost(1, loadSeconds) : null,
            Horizon = TimeSpan.FromSeconds(60),
        });

        decision.Chosen.Target.Model.Should().Be(chosen, "a load of {0} s costs {1:P1} of a minute, and 15 %% less that must be over 3 %%", loadSeconds, loadSeconds / 60);
    }

    [Fact]
    public void A_point_that_is_held_is_left_only_when_it_may_not_serve()
    {
        var (present, better) = (Sample.Point("a", throughput: 100), Sample.Point("b", throughput: 200));
        var held = Selector.Decide(Request(present.Point, present, better) with { HoldBecause = "it came a moment ago" });
        held.Chosen.Should().Be(present.Point);
        held.Reason.Should().Be("it came a moment ago");

        var below = present with { QualityGap = 1 };
        Selector.Decide(Request(present.Point, below, better) with { HoldBecause = "it came a moment ago" }).Chosen.Should().Be(better.Point);
    }

    [Fact]
    public void When_nothing_is_feasible_the_best_whole_model_that_fits_serves_degraded()
    {
        var bad = (PointProfile profile) => profile with { QualityGap = 1 };
        var decision = Decide(
            null,
            bad(Sample.Point("a", depth: 4)) with { BitsPerByte = 1 },
            bad(Sample.Point("a")) with { BitsPerByte = 1.5 },
            bad(Sample.Point("b")) with { BitsPerByte = 1.4 },
            bad(Sample.Point("c")) with { BitsPerByte = 1.1, MaxBatch = 0 });

        decision.Chosen.Target.Should().Be(new LoadTarget("b", 6));
        decision.Degraded.Should().BeTrue();
    }

    [Fact]
    public void When_no_whole_model_fits_the_deepest_that_does_serves()
    {
        var decision = Decide(
            null,
            Sample.Point(depth: 2) with { QualityGap = 1 },
            Sample.Point(depth: 4) with { QualityGap = 1 },
            Sample.Point() with { MaxBatch = 0 });

        decision.Chosen.Target.Depth.Should().Be(4);
        decision.Degraded.Should().BeTrue();
    }

    [Fact]
    public void When_nothing_fits_the_order_of_equals_does_not_matter()
    {
        var (a, b) = (Sample.Point("a") with { MaxBatch = 0 }, Sample.Point("b") with { MaxBatch = 0 });

        Decide(null, a, b).Chosen.Target.Model.Should().Be("a");
        Decide(null, b, a).Chosen.Target.Model.Should().Be("a");
    }

    [Fact]
    public void A_score_that_is_not_a_number_is_never_chosen()
    {
        var decision = Decide(null, Sample.Point("a", throughput: double.NaN), Sample.Point("b", throughput: 1));

        decision.Chosen.Target.Model.Should().Be("b");
    }

    [Fact]
    public void Equal_input_gives_an_equal_decision_and_a_feasible_point_whenever_there_is_one()
    {
        var profile = Gen.Choose(0, 2).SelectMany(model => Gen.Elements(2, 4, 6).SelectMany(depth => Gen.Choose(0, 4).SelectMany(speed =>
            Gen.Choose(0, 3).SelectMany(flaw => Gen.Constant(Flawed(Sample.Point($"m{model}", depth, throughput: 100 + speed), flaw))))));
        var cases = profile.NonEmptyListOf().SelectMany(list => Gen.Choose(-1, list.Count - 1).Select(present =>
        {
            var profiles = list.DistinctBy(item => item.Point).ToArray();
            return (profiles, present: present < 0 ? null : list[present].Point);
        }));
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var decision = Decide(c.present, c.profiles);
            var turned = Decide(c.present, [.. c.profiles.Reverse()]);
            var chosen = decision.Considered.Single(point => point.Point == decision.Chosen);
            var anyFeasible = decision.Considered.Any(point => point.InfeasibleBecause is null);
            return decision.Chosen == turned.Chosen
                && decision.Degraded == !anyFeasible
                && anyFeasible == (chosen.InfeasibleBecause is null)
                && (!anyFeasible || chosen.Score >= decision.Considered.Max(point => point.Score) * 0.97 - 1e-9);
        }).QuickCheckThrowOnFailure();
    }

    private static PointProfile Flawed(PointProfile profile, int flaw) => flaw switch
    {
        0 => profile,
        1 => profile with { QualityGap = 0.5 },
        2 => profile with { MaxBatch = 0 },
        _ => profile with { QualityGap = null, BreachRate = null },
    };

    private static AdaptationDecision Decide(OperatingPoint? present, params PointProfile[] profiles) => Selector.Decide(Request(present, profiles));

    private static SelectionRequest Request(OperatingPoint? present, params PointProfile[] profiles) => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Trigger = AdaptationTrigger.Reassessment,
        Profiles = profiles,
        Present = present,
    };
}
