using Helios.Sdk.Adaptation.Objectives;

namespace Helios.Sdk.Tests.Adaptation.Objectives;

public class ObjectiveTests
{
    [Theory]
    [InlineData("throughput")]
    [InlineData("latency")]
    [InlineData("ttft")]
    [InlineData("energy")]
    [InlineData("memory")]
    [InlineData("quality")]
    [InlineData("quality:bytes=48MiB,tpot=50ms")]
    [InlineData("goodput:ttft=500ms,tpot=50ms")]
    public void A_name_gives_its_objective_and_its_score_has_terms(string name)
    {
        var objective = ObjectiveParser.Parse(name);

        objective.Name.Should().Be(name);
        var score = objective.Score(Sample.Point() with { JoulesPerToken = 0.1, Batches = [new(1, 20, 50, 50)] });
        score.IsFeasible.Should().BeTrue();
        score.Terms.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("", "is ''; expected throughput, ")]
    [InlineData("fast", "'fast'; expected throughput, latency, ttft, energy, memory, quality*goodput:ttft=..,tpot=..")]
    [InlineData("throughput:1", "'throughput:1'; expected no limits, not '1'")]
    [InlineData("goodput", "'goodput'; expected ttft too: goodput:ttft=..,tpot=..")]
    [InlineData("goodput:ttft=500ms", "expected tpot too")]
    [InlineData("goodput:ttft=500ms,tpot=0ms", "expected a time above 0 with its unit*behind tpot=")]
    [InlineData("goodput:ttft=500,tpot=50ms", "expected a time above 0 with its unit*behind ttft=")]
    [InlineData("goodput:ttft=1s,tpot=50ms,ttft=2s", "expected ttft once")]
    [InlineData("goodput:ttft=1s,tpot=50ms,bytes=1MiB", "expected the limits ttft, tpot, not 'bytes'")]
    [InlineData("quality:bytes=much", "'quality:bytes=much'; expected bytes, or a number and a unit")]
    public void What_is_unknown_or_wrong_is_named(string name, string message)
    {
        var parse = () => ObjectiveParser.Parse(name);

        parse.Should().Throw<ArgumentException>().WithMessage($"*{message}*");
    }

    [Fact]
    public void An_applications_own_objective_goes_first()
    {
        ObjectiveParser.Parse("energy", [() => new OwnObjective("energy")]).Should().BeOfType<OwnObjective>();
        ObjectiveParser.Parse("energy", [() => new OwnObjective("other")]).Should().BeOfType<EnergyObjective>();
    }

    [Fact]
    public void Throughput_prefers_more_tokens_per_second() =>
        Prefers("throughput", Sample.Point(throughput: 200), Sample.Point(throughput: 100));

    [Fact]
    public void Latency_prefers_the_faster_token_alone_whatever_the_batch() =>
        Prefers("latency", Sample.Point() with { AloneTpotMs = 4, TpotMs = 80 }, Sample.Point() with { AloneTpotMs = 5, TpotMs = 5 });

    [Fact]
    public void Latency_goes_by_what_traffic_makes_of_it_where_that_is_known() =>
        Prefers("latency", Sample.Point() with { AloneTpotMs = 5, LoadedTpotMs = 9 }, Sample.Point() with { AloneTpotMs = 4, LoadedTpotMs = 10 });

    [Fact]
    public void Ttft_prefers_the_sooner_first_token_waiting_included()
    {
        Prefers("ttft", Sample.Point() with { TtftMs = 40 }, Sample.Point() with { TtftMs = 50 });
        Prefers("ttft", Sample.Point() with { TtftMs = 50, TtftP95Ms = 60 }, Sample.Point() with { TtftMs = 40, TtftP95Ms = 70 });
    }

    [Fact]
    public void Energy_prefers_fewer_joules_and_knows_nothing_without_a_meter()
    {
        Prefers("energy", Sample.Point() with { JoulesPerToken = 0.1 }, Sample.Point() with { JoulesPerToken = 0.2 });
        ObjectiveParser.Parse("energy").Score(Sample.Point() with { JoulesPerToken = null }).InfeasibleBecause.Should().Be("energy is not measured yet");
    }

    [Fact]
    public void Quality_prefers_fewer_bits_within_its_limits()
    {
        const string name = "quality:bytes=6000,ttft=40ms,tpot=30ms";
        var point = Sample.Point() with { WeightBytes = 5000, KvBytesPerSequence = 1000, TtftMs = 40, TpotMs = 30, BitsPerByte = 1.2 };
        Prefers(name, point, point with { BitsPerByte = 1.3 });

        string? Because(PointProfile profile) => ObjectiveParser.Parse(name).Score(profile).InfeasibleBecause;
        Because(point).Should().BeNull();
        Because(point with { KvBytesPerSequence = 1001 }).Should().Be("it takes 6001 bytes with one sequence, over 6000");
        Because(point with { TtftP95Ms = 41 }).Should().Contain("time to first token (p95) 41 ms is over 40 ms");
        Because(point with { TpotMs = 31 }).Should().Contain("time per output token 31 ms is over 30 ms");
        Because(point with { TpotMs = 31, LoadedTpotMs = 20 }).Should().BeNull();
        Because(point with { BitsPerByte = null }).Should().Be("quality is not measured yet");
    }

    [Fact]
    public void Goodput_is_the_throughput_of_the_largest_batch_that_keeps_both_limits()
    {
        var point = Sample.Point() with { Batches = [new(1, 10, 20, 90), new(2, 12, 24, 150), new(4, 16, 40, 220), new(8, 24, 72, 300)] };

        // 16 ms at 4 and 24 at 8: 22 ms at 7.
        ShouldKeep("goodput:ttft=1s,tpot=22ms", batch: 7);
        ShouldKeep("goodput:ttft=1s,tpot=21.9ms", batch: 6);
        // 24 ms at 2 and 40 at 4: 32 ms at 3.
        ShouldKeep("goodput:ttft=32ms,tpot=1s", batch: 3);
        ShouldKeep("goodput:ttft=1s,tpot=1s", batch: 8);
        ShouldKeep("goodput:ttft=20ms,tpot=10ms", batch: 1);

        void ShouldKeep(string name, int batch)
        {
            var score = ObjectiveParser.Parse(name).Score(point);
            score.Batch.Should().Be(batch);
            score.Value.Should().Be(BatchTimings.At(point.Batches, batch).Throughput);
        }
    }

    [Fact]
    public void Goodput_says_what_keeps_no_limit()
    {
        var point = Sample.Point() with { Batches = [new(1, 10, 20, 90), new(2, 12, 24, 150)] };
        string? Because(string name, PointProfile profile) => ObjectiveParser.Parse(name).Score(profile).InfeasibleBecause;

        Because("goodput:ttft=1s,tpot=9ms", point).Should().Contain("time per output token 10 ms is over 9 ms");
        Because("goodput:ttft=19ms,tpot=1s", point).Should().Contain("time to first token 20 ms is over 19 ms");
        Because("goodput:ttft=1s,tpot=1s", Sample.Point()).Should().Contain("not known");
    }

    [Theory]
    [InlineData(1, 10, 20, 100)]
    [InlineData(3, 14, 28, 3 / 0.0175)]
    [InlineData(4, 16, 32, 200)]
    [InlineData(9, 16, 32, 200)]
    public void Timings_are_linear_between_known_batches(int batch, double tpot, double ttft, double throughput)
    {
        var timing = BatchTimings.At([new(1, 10, 20, 100), new(2, 12, 24, 2 / 0.015), new(4, 16, 32, 200)], batch);

        timing.TpotMs.Should().BeApproximately(tpot, 1e-9);
        timing.TtftMs.Should().BeApproximately(ttft, 1e-9);
        timing.Throughput.Should().BeApproximately(throughput, 1e-9);
    }

    [Fact]
    public void What_needs_a_meter_says_so_under_every_constraint()
    {
        bool Needs(string name, double? maxJoules = null) =>
            ObjectiveParser.Constrain(ObjectiveParser.Parse(name), new AdaptationOptions { MinAgreement = 0.9, MaxJoulesPerToken = maxJoules, MaxTtft = TimeSpan.FromSeconds(1) }, _ => 0.3).NeedsEnergy;

        Needs("energy").Should().BeTrue();
        Needs("throughput").Should().BeFalse();
        Needs("throughput", maxJoules: 1).Should().BeTrue();
    }

    [Fact]
    public void Memory_prefers_fewer_bytes_and_then_the_larger_batch()
    {
        Prefers("memory", Sample.Point() with { WeightBytes = 999, MaxBatch = 1 }, Sample.Point() with { WeightBytes = 1000, MaxBatch = 64 });
        Prefers("memory", Sample.Point() with { MaxBatch = 9 }, Sample.Point() with { MaxBatch = 8 });
    }

    [Fact]
    public void Constraints_bind_as_the_options_say()
    {
        var options = new AdaptationOptions { MaxQualityGap = 0.1, MinAgreement = 0.8, MaxPointBytes = 4040, MaxJoulesPerToken = 0.5, MaxTtft = TimeSpan.FromMilliseconds(50) };
        string? Because(PointProfile profile) => ObjectiveParser.Constrain(new ThroughputObjective(), options, _ => 0.3).Score(profile).InfeasibleBecause;
        var good = Sample.Point(depth: 4) with { QualityGap = 0.1, Agreement = 0.8, BreachRate = 0.3, MaxBatch = 1, JoulesPerToken = 0.5 };

        Because(good).Should().BeNull();
        Because(good with { QualityGap = 0.11 }).Should().Contain("quality gap 0.11");
        Because(good with { Agreement = 0.79 }).Should().Contain("agreement 0.79");
        Because(good with { BreachRate = 0.31 }).Should().Contain("breach rate 0.31");
        Because(good with { MaxBatch = 0 }).Should().Contain("budget");
        Because(good with { WeightBytes = 4001 }).Should().Contain("4041 bytes");
        Because(good with { JoulesPerToken = 0.6 }).Should().Contain("0.6 J per token are over 0.5");
        Because(good with { JoulesPerToken = null }).Should().Contain("energy is not measured yet");
        Because(good with { TtftP95Ms = 51 }).Should().Contain("51 ms is over 50 ms");
        Because(good with { QualityGap = double.NaN }).Should().Contain("quality");
        Because(good with { QualityGap = null, Agreement = null, BreachRate = null }).Should().Match("*not measured yet*not measured yet*not measured yet*");
    }

    [Fact]
    public void A_whole_model_may_serve_before_it_is_measured_but_not_when_it_is_bad()
    {
        var options = new AdaptationOptions { MaxQualityGap = 0.1, MinAgreement = 0.8 };
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), options, _ => 0.3);
        var whole = Sample.Point() with { QualityGap = null, Agreement = null, BreachRate = null };

        objective.Score(whole).IsFeasible.Should().BeTrue();
        objective.Score(whole with { QualityGap = 0.2 }).IsFeasible.Should().BeFalse();
    }

    [Fact]
    public void A_lifted_floor_binds_no_more()
    {
        var options = new AdaptationOptions { MaxQualityGap = null };
        var objective = ObjectiveParser.Constrain(new ThroughputObjective(), options, _ => 1);

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
