using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Backends;
using Helios.Sdk.Cpu;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;

namespace Helios.Sdk.Tests.Naming;

/// <summary>Names have no case, wherever one is looked up.</summary>
public class NamesTests
{
    [Theory]
    [InlineData("Throughput", "throughput")]
    [InlineData("GOODPUT:TTFT=500ms,tpot=50ms", "goodput:TTFT=500ms,tpot=50ms")]
    [InlineData("Mine", "mine")]
    public void Objectives(string text, string name) => ObjectiveParser.Parse(text, [() => new Objective("mine")]).Name.Should().Be(name);

    [Theory]
    [InlineData("None", "none")]
    [InlineData("Confidence:0.80,Min=3", "confidence:0.8,min=3")]
    [InlineData("TOP1:0.9", "top1:0.9")]
    public void Exit_policies_say_how_they_are_written(string text, string name) => ExitPolicyParser.Parse(text).Name.Should().Be(name);

    [Theory]
    [InlineData("Constrained", null)]
    [InlineData("Coverage:0.9", 0.9)]
    public void Depth_rules(string text, double? coverage) => DepthRule.Parse(text).Coverage.Should().Be(coverage);

    [Fact]
    public void Orders() => RequestOrders.Find("First-Come", TimeProvider.System)().Should().BeOfType<FirstComeOrder>();

    [Fact]
    public void What_differs_by_case_alone_is_refused()
    {
        var objective = () => ObjectiveParser.Parse("latency", [() => new Objective("Throughput")]);
        objective.Should().Throw<ArgumentException>().WithMessage("Adaptation.Objective is chosen among 'Throughput' and 'throughput', which differ only by case; expected names that differ by more than case*");
        var backend = () => BackendFinder.Find(new HeliosOptions { Backend = "cpu" }, [() => new CpuBackendFactory(), () => new Backend("CPU")]);
        backend.Should().Throw<ArgumentException>().WithMessage("Backend is chosen among 'cpu' and 'CPU', which differ*");
    }

    [Fact]
    public void Of_the_very_same_name_the_first_counts() =>
        ObjectiveParser.Parse("throughput", [() => new Objective("throughput")]).Should().BeOfType<Objective>();

    [Fact]
    public async Task Models_are_served_by_their_own_name()
    {
        await using var engine = HeliosEngine.CreateBuilder().UseCpu(cpu => cpu.Threads = 1).AddModel(TestData.Model("tiny-s")).UseMemoryBudget(32 << 20).ServeFixed(exitPolicy: "Top1:0.90").Configure(options => options.Serving.Order = "Fair").Build();
        var answer = await engine.GenerateAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2, Model = "Tiny-S" });
        answer.Point.Should().Be(new OperatingPoint(new LoadTarget("tiny-s", 6), "top1:0.9"));
        var ask = () => engine.GenerateAsync(GenerationRequest.FromText("Tom") with { Model = "tiny-x" });
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("There is no model 'tiny-x' in the pool; it has: tiny-s. Did you mean 'tiny-s'?*");
    }

    private sealed class Objective(string name) : ISloObjective
    {
        public string Name => name;

        public ObjectiveScore Score(PointProfile profile) => new(0, []);
    }

    private sealed class Backend(string name) : IBackendFactory
    {
        public string Name => name;

        public IBackend Create(IReadOnlyDictionary<string, string> settings) => throw new NotSupportedException();
    }
}
