using Helios.Sdk.Backends;

namespace Helios.Sdk.Simulation.Tests;

/// <summary>The adaptation loop over a made-up world.</summary>
public class SimulatorTests
{
    [Fact]
    public void Equal_seeds_give_equal_runs()
    {
        var script = Scripts.Load("alternating").WithRequests(16_000);
        var (first, firstEvents) = Run(3);
        var (second, secondEvents) = Run(3);
        second.Should().BeEquivalentTo(first);
        secondEvents.Should().Equal(firstEvents);
        first.Changes.Should().NotBeEmpty();
        Run(4).Report.Seconds.Should().NotBe(first.Seconds);

        (SimulationReport Report, List<string> Events) Run(int seed)
        {
            var events = new List<string>();
            var report = new Simulator(script).Run(seed, happened => events.Add($"{happened.At:O} {happened.Kind}"));
            return (report, events);
        }
    }

    [Fact]
    public void Every_request_is_answered_whatever_serves()
    {
        var script = Scripts.Load("bursts").WithRequests(3000);
        var adapting = new Simulator(script).Run();
        var alone = new Simulator(script).RunFixed(new LoadTarget("tiny-m", 12));
        adapting.Requests.Should().Be(script.Requests);
        alone.Requests.Should().Be(script.Requests);
        alone.Tokens.Should().Be(adapting.Tokens, "traffic does not depend on who serves it");
        alone.Agreement.Should().Be(1);
        alone.BelowFloor.Should().Be(0);
        alone.Phases.Sum(phase => phase.Tokens).Should().Be(alone.Tokens);
    }

    [Fact]
    public void It_finds_the_point_that_meets_the_floor_in_each_phase()
    {
        var script = Scripts.Load("phases").WithRequests(40_000);
        var report = new Simulator(script).Run();
        var points = report.Samples.GroupBy(sample => sample.Phase).ToDictionary(phase => phase.Key, phase => phase.Last().Point.Target.Model);
        points[0].Should().Be("tiny-s", "it is good enough at stories");
        points[1].Should().Be("tiny-m", "the small one is below the floor at mathematics");
        points[4].Should().Be("tiny-s", "stories are back");
    }

    [Fact]
    public void An_objective_of_the_caller_decides()
    {
        var script = Scripts.Load("steady").WithRequests(3000);
        var report = new Simulator(script, new SimulationSettings { Objective = new Deepest() }).Run();
        report.Samples[^1].Point.Target.Should().Be(new LoadTarget("tiny-m", 12));
    }

    [Fact]
    public void A_point_that_the_script_lacks_is_refused()
    {
        var run = () => new Simulator(Scripts.Load("steady")).RunFixed(new LoadTarget("tiny-m", 7));
        run.Should().Throw<ArgumentException>().WithMessage("*tiny-m@7*'steady'*");
    }

    [Fact]
    public void A_point_without_room_in_the_budget_is_refused_and_left_out_of_a_comparison()
    {
        var script = Scripts.Load("steady").WithRequests(400);
        var needed = new ScriptTruth(script, new SimulationSettings());
        var small = script with { MemoryBudgetBytes = 12_000_000 };
        var fit = Scripts.Points(small).Where(new ScriptTruth(small, new SimulationSettings()).Fits).ToList();
        fit.Should().NotBeEmpty();
        Scripts.Points(script).Should().OnlyContain(point => needed.Fits(point));

        new Simulator(small).Compare().Fixed.Select(point => point.Target).Should().Equal(fit);
        var run = () => new Simulator(small).RunFixed(Scripts.Points(small).Except(fit).Last());
        run.Should().Throw<HeliosException>().WithMessage("*cannot be served*");
    }

    [Fact]
    public void Where_KV_is_short_sequences_are_preempted_and_every_request_is_answered_all_the_same()
    {
        var script = Scripts.Load("steady").WithRequests(500);
        var little = new Simulator(script with { MemoryBudgetBytes = 9_000_000 }).RunFixed(new LoadTarget("tiny-s", 6));
        var ample = new Simulator(script with { MemoryBudgetBytes = 1 << 30 }).RunFixed(new LoadTarget("tiny-s", 6));
        little.Preemptions.Should().BePositive();
        ample.Preemptions.Should().Be(0);
        little.Requests.Should().Be(script.Requests);
        little.Tokens.Should().Be(ample.Tokens);
        little.Throughput.Should().BeLessThan(ample.Throughput);
    }

    [Fact]
    public void All_memory_is_given_back()
    {
        var world = new SimulatedWorld(Scripts.Load("steady").WithRequests(200), seed: 0);
        MemoryBudget budget;
        SynchronizationContext.SetSynchronizationContext(null);
        using (var engine = new SimulatedEngine(world, new SimulationSettings()))
        {
            engine.Serve(stopping => Simulator.ServeAsync(engine, new LoadTarget("tiny-m", 12), stopping), CancellationToken.None);
            budget = engine.Budget;
            budget.Used.Should().BePositive();
        }

        budget.Used.Should().Be(0);
    }

    [Theory]
    [InlineData("confidence:0.8", null, "*ExitPolicy is 'confidence:0.8'*'none'*")]
    [InlineData("none", 2, "*DraftDepth is 2*")]
    public void What_a_simulated_model_has_not_is_refused(string policy, int? draft, string message)
    {
        var make = () => new Simulator(Scripts.Load("steady"), new SimulationSettings { Serving = new ServingOptions { ExitPolicy = policy, DraftDepth = draft } });
        make.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void A_run_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var run = () => new Simulator(Scripts.Load("steady")).Run(cancellationToken: cancelled.Token);
        run.Should().Throw<OperationCanceledException>();
    }

    private sealed class Deepest : ISloObjective
    {
        public string Name => "deepest";

        public ObjectiveScore Score(PointProfile profile) => new(profile.Point.Target.Depth, []);
    }
}
