namespace Helios.Sdk.Simulation.Tests;

/// <summary>What the controller is worth on the named scripts, a tenth of their length and longer where phases must be.</summary>
public class ControllerTests
{
    [Theory]
    [InlineData("steady", 30_000, 0.95)]
    [InlineData("phases", 50_000, 1.5)]
    [InlineData("alternating", 32_000, 1.3)]
    [InlineData("bursts", 52_800, 0.95)]
    [InlineData("slow-drift", 50_000, 1.05)]
    [InlineData("contention", 90_000, 0.95)]
    [InlineData("adversary", 30_000, 0.95)]
    public void It_serves_at_least_as_much_as_the_best_fixed_point(string name, int requests, double ratio)
    {
        var script = Scripts.Load(name).WithRequests(requests);
        var (simulator, truth) = (new Simulator(script), new ScriptTruth(script, new SimulationSettings()));
        var mayServe = Scripts.Points(script).Where(point => truth.Fits(point) && truth.InfeasibleBecause(point) is null).ToList();
        mayServe.Should().NotBeEmpty();

        var adaptive = simulator.Run();
        (adaptive.Throughput / mayServe.Max(point => simulator.RunFixed(point).Throughput)).Should().BeGreaterThanOrEqualTo(ratio);
        adaptive.ScoringShare.Should().BeLessThanOrEqualTo(0.07);
    }

    [Fact]
    public void Traffic_on_the_edge_of_a_constraint_does_not_make_it_go_back_and_forth()
    {
        var report = new Simulator(Scripts.Load("steady").WithRequests(60_000)).Run();
        report.Changes.Length.Should().BeLessThanOrEqualTo(12);
    }

    [Fact]
    public void A_load_that_fails_is_not_chosen_again_at_once()
    {
        var script = Scripts.Load("phases").WithRequests(20_000) with { LoadFaults = [new LoadFault("tiny-m", 0, 16_000)] };
        var failures = new List<AdaptationEvent.LoadFailed>();
        var report = new Simulator(script).Run(0, happened =>
        {
            if (happened is AdaptationEvent.LoadFailed failed) failures.Add(failed);
        });
        report.Requests.Should().Be(script.Requests);
        failures.Should().NotBeEmpty();
        failures.Zip(failures.Skip(1)).Should().OnlyContain(pair => pair.Second.At - pair.First.At >= pair.First.RetryAfter!.Value);
        report.Samples.Should().OnlyContain(sample => sample.Requests > 16_000 || sample.Point.Target.Model == "tiny-s");
    }

    [Fact]
    public void A_limit_on_latency_holds_while_half_the_cores_are_taken_and_what_served_comes_back()
    {
        var script = Scripts.Load("contention").WithRequests(60_000);
        var settings = new SimulationSettings { Objective = new DeepestWithin(TpotMs: 0.3), Adaptation = new AdaptationOptions { MaxQualityGap = null, ConfidenceTarget = 0.05 } };
        var report = new Simulator(script, settings).Run();
        var depths = report.Samples.GroupBy(sample => sample.Phase).Select(phase => phase.Skip(phase.Count() / 2).Select(sample => sample.MeanDepth).Order().ElementAt(phase.Count() / 4)).ToList();
        report.Changes.Select(change => change.Trigger).Should().Contain(AdaptationTrigger.PaceChanged);
        depths[1].Should().BeLessThan(depths[0], "steps take twice as long");
        depths[2].Should().BeApproximately(depths[0], 0.5);
    }

    private sealed record DeepestWithin(double TpotMs) : ISloObjective
    {
        public string Name => "deepest";

        public ObjectiveScore Score(PointProfile profile) => profile.AloneTpotMs <= TpotMs
            ? new ObjectiveScore(profile.Point.Target.Depth, [])
            : ObjectiveScore.Infeasible($"{profile.AloneTpotMs} ms is over {TpotMs} ms");
    }
}
