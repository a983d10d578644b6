using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Routing;

namespace Helios.Sdk.Tests.Adaptation.Repository;

public class RepositoryRankingTests
{
    [Fact]
    public void A_model_ranks_by_its_best_feasible_exit()
    {
        // "sure" may serve at depth 2, "wary" breaches there and at depth 4: it must run whole.
        var ranks = Rank(new ModelRepository([Records.Model("sure", requests: 8, agreed: 10), Records.Model("wary", requests: 8, agreed: 3)]), ["sure", "wary", "new"]);

        ranks.Keys.Should().BeEquivalentTo("sure", "wary");
        ranks["sure"].Score.Should().BeGreaterThan(ranks["wary"].Score!.Value * 1.5);
        ranks["wary"].BitsPerByte.Should().BeApproximately(70 / Math.Log(2) / 100, 1e-9);
    }

    [Fact]
    public void A_model_ranks_by_the_target_of_today()
    {
        var repository = new ModelRepository([Records.Model("a", requests: 8, agreed: 10)]);

        var (low, high) = (Rank(repository, ["a"], target: 0.7), Rank(repository, ["a"], target: 0.9));

        high["a"].Score.Should().BeLessThan(low["a"].Score!.Value / 1.5, "nothing is as sure below the full depth");
    }

    [Fact]
    public void What_was_counted_at_other_exits_is_known_at_full_depth_alone()
    {
        var elsewhere = Records.Model("a", requests: 8, agreed: 10);
        elsewhere = elsewhere with
        {
            Depths = [3, 6],
            Requests = [.. elsewhere.Requests.Select(request => request with { Evidence = request.Evidence with { Exits = request.Evidence.Exits.RemoveAt(0) } })],
        };

        var ranks = Rank(new ModelRepository([elsewhere, Records.Model("b", requests: 8, agreed: 3)]), ["a", "b"]);

        ranks["a"].Score.Should().BeApproximately(ranks["b"].Score!.Value, 1e-9);
        ranks["a"].BitsPerByte.Should().Be(ranks["b"].BitsPerByte);
    }

    [Fact]
    public void Watts_that_were_measured_rank_models_by_energy()
    {
        var repository = new ModelRepository([Records.Model("hungry") with { Watts = 80 }, Records.Model("frugal") with { Watts = 20 }, Records.Model("unmeasured") with { Watts = null }]);

        var ranks = Ranking(repository, "2 threads").Rank(((string[])["hungry", "frugal", "unmeasured"]).Select(Model), new EnergyObjective());

        ranks["frugal"].Score.Should().BeApproximately(ranks["hungry"].Score!.Value / 4, 1e-9);
        ranks["unmeasured"].Score.Should().BeNull();
    }

    [Fact]
    public void Another_device_or_another_checkpoint_is_not_known() =>
        Rank(new ModelRepository([Records.Model("a")]), ["a"], device: "64 threads").Should().BeEmpty();

    [Fact]
    public void It_says_nothing_to_who_serves()
    {
        var model = Model("a");
        var before = model.Confidence.Current;

        Ranking(new ModelRepository([Records.Model("a")]), "2 threads").Rank([model], new ThroughputObjective());

        model.Confidence.Current.Should().BeSameAs(before);
    }

    [Fact]
    public void It_takes_nothing_from_the_telemetry_of_what_serves()
    {
        var telemetry = new ServingTelemetry(new AdaptationOptions());
        telemetry.StepRan("a", new StepTiming(1, 1, 6, 20, new StepTimes(0.006, 0.002, 0.0001)));

        Ranking(new ModelRepository([Records.Model("a")]), "2 threads", telemetry).Rank([Model("a")], new ThroughputObjective());

        telemetry.TakeSteps().Should().ContainSingle();
    }

    private static IReadOnlyDictionary<string, ModelRank> Rank(ModelRepository repository, string[] pool, string device = "2 threads", double target = 0.7) =>
        Ranking(repository, device, target: target).Rank(pool.Select(Model), ObjectiveParser.Constrain(new ThroughputObjective(), new AdaptationOptions { MaxQualityGap = 0.5 }, maxBreachRate: _ => 0.3));

    private static RepositoryRanking Ranking(ModelRepository repository, string device, ServingTelemetry? telemetry = null, double target = 0.7)
    {
        telemetry ??= new ServingTelemetry(new AdaptationOptions());
        var goals = Sample.Goals(new AdaptationOptions { ConfidenceTarget = target }, budgetBytes: 100_000);
        var settings = new ProfileSettings(new ServingOptions(), goals, Sample.Kv);
        return new RepositoryRanking(repository, new AdaptationOptions(), new MeasuredOn(device, Precision.Auto), telemetry, settings);
    }

    private static ModelFacts Model(string name)
    {
        var info = Sample.Model(name);
        return new ModelFacts(info, new LoadSize(1000, [.. Enumerable.Repeat(500L, 6)]), 300, new ConfidenceSource(Calibration.FromSidecar(info)));
    }
}
