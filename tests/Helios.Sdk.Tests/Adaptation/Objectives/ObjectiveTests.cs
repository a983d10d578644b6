using Helios.Sdk.Adaptation.Objectives;

namespace Helios.Sdk.Tests.Adaptation.Objectives;

public class ObjectiveTests
{
    [Theory]
    [InlineData("throughput")]
    [InlineData("latency")]
    [InlineData("memory")]
    public void A_name_gives_its_objective_and_its_score_has_terms(string name)
    {
        var objective = ObjectiveParser.Parse(name);

        objective.Name.Should().Be(name);
        objective.Score(Sample.Point()).Terms.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("ttft")]
    [InlineData("energy")]
    [InlineData("quality")]
    [InlineData("goodput:ttft=500ms,tpot=50ms")]
    public void What_comes_later_says_so(string name)
    {
        var parse = () => ObjectiveParser.Parse(name);

        parse.Should().Throw<NotSupportedException>().WithMessage("*not available yet*throughput, latency, memory*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("throughput:1")]
    public void What_is_unknown_is_named(string name)
    {
        var parse = () => ObjectiveParser.Parse(name);

        parse.Should().Throw<ArgumentException>().WithMessage($"*'{name}'*throughput, latency, memory*");
    }

    [Fact]
    public void An_applications_own_objective_goes_first()
    {
        ObjectiveParser.Parse("energy", [() => new OwnObjective("energy")]).Should().BeOfType<OwnObjective>();
    }

    [Fact]
    public void Throughput_prefers_more_tokens_per_second() =>
        Prefers("throughput", Sample.Point(throughput: 200), Sample.Point(throughput: 100));

    [Fact]
    public void Latency_prefers_the_faster_token_alone_whatever_the_batch() =>
        Prefers("latency", Sample.Point() with { AloneTpotMs = 4, TpotMs = 80 }, Sample.Point() with { AloneTpotMs = 5, TpotMs = 5 });

    [Fact]
    public void Memory_prefers_fewer_bytes_and_then_the_larger_batch()
    {
        Prefers("memory", Sample.Point() with { WeightBytes = 999, MaxBatch = 1 }, Sample.Point() with { WeightBytes = 1000, MaxBatch = 64 });
        Prefers("memory", Sample.Point() with { MaxBatch = 9 }, Sample.Point() with { MaxBatch = 8 });
    }

    [Fact]
    public void Constraints_bind_as_the_options_say()
    {
        var options = new AdaptationOptions { MaxQualityGap = 0.1, MinAgreement = 0.8 };
        string? Because(PointProfile profile) => ObjectiveParser.Constrain(new ThroughputObjective(), options, 0.3).Score(profile).InfeasibleBecause;
        var good = Sample.Point(depth: 4) with { QualityGap = 0.1, Agreement = 0.8, BreachRate = 0.3, MaxBatch = 1 };

        Because(good).Should().BeNull();
        Because(good with { QualityGap = 0.11 }).Should().Contain("quality gap 0.11");
        Because(good with { Agreement = 0.79 }).Should().Contain("agreement 0.79");
        Because(good with { BreachRate = 0.31 }).Should().Contain("breach rate 0.31");
        Because(good with { MaxBatch = 0 }).Should().Contain("budget");
        Because(good with { QualityGap = double.NaN }).Should().Contain("quality");
        Because(good with { QualityGap = null, Agreement = null, BreachRate = null }).Should().Match("*not measured yet*not measured yet*not measured yet*");
    }

    [Fact]
    public void A_whole_model_may_serve_before_it_is_measured_but_not_when_it_is_bad()
    {
        var options = new AdaptationOptions { MaxQualityGap = 0.1, MinAgreement = 0.8 };
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), options, 0.3);
        var whole = Sample.Point() with { QualityGap = null, Agreement = null, BreachRate = null };

        objective.Score(whole).IsFeasible.Should().BeTrue();
        objective.Score(whole with { QualityGap = 0.2 }).IsFeasible.Should().BeFalse();
    }

    [Fact]
    public void A_lifted_floor_binds_no_more()
    {
        var options = new AdaptationOptions { MaxQualityGap = null };
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), options, 1);

        objective.Score(Sample.Point(depth: 4) with { QualityGap = null }).IsFeasible.Should().BeTrue();
    }

    private static void Prefers(string name, PointProfile better, PointProfile worse)
    {
        var objective = ObjectiveParser.Parse(name);
        objective.Score(better).Value.Should().BeGreaterThan(objective.Score(worse).Value);
    }

    private sealed class OwnObjective(string name) : ISloObjective
    {
        public string Name => name;

        public ObjectiveScore Score(PointProfile profile) => new(0, []);
    }
}
