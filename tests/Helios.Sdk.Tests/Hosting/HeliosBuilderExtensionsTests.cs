using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.Hosting;

public class HeliosBuilderExtensionsTests
{
    [Fact]
    public void An_objective_leaves_the_floor_of_quality_where_it_was_set()
    {
        var options = OptionsOf(helios => helios.Configure(options => options.Adaptation.MaxQualityGap = 0.03).Optimize("latency").Optimize(SloObjectives.Memory));
        options.Adaptation.Objective.Should().Be("memory");
        options.Adaptation.MaxQualityGap.Should().Be(0.03);
        OptionsOf(helios => helios.Optimize("latency").LimitQualityGap(null)).Adaptation.MaxQualityGap.Should().BeNull();
    }

    [Fact]
    public void A_fixed_point_leaves_the_exit_policy_as_it_was_set()
    {
        OptionsOf(helios => helios.ExitBy(Exits.Confidence(0.5)).ServeFixed()).Serving.ExitPolicy.Should().Be("confidence:0.5");
        OptionsOf(helios => helios.ServeFixed().ExitBy(Exits.Confidence(0.5))).Serving.ExitPolicy.Should().Be("confidence:0.5");
        OptionsOf(helios => helios.ExitBy(Exits.Confidence(0.5)).ServeFixed(exitPolicy: "none")).Serving.ExitPolicy.Should().Be("none");
        OptionsOf(helios => helios.ServeFixed()).Serving.ExitPolicy.Should().Be("none");
    }

    [Fact]
    public void Shipped_strategies_are_named_and_those_of_the_application_are_brought_along()
    {
        var builder = HeliosEngine.CreateBuilder().Optimize(SloObjectives.Goodput(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50))).ExitBy(Exits.Confidence(0.8));
        builder.Strategies.Objectives.Should().BeEmpty();
        builder.Strategies.ExitPolicies.Should().BeEmpty();
        Apply(builder).Serving.ExitPolicy.Should().Be("confidence:0.8");

        var own = new FewestLayers();
        builder.Optimize(own);
        builder.Strategies.Objectives.Should().ContainSingle().Which.Invoke().Should().BeSameAs(own);
        Apply(builder).Adaptation.Objective.Should().Be("fewest-layers");
    }

    [Fact]
    public void A_static_engine_takes_its_policy_by_name_or_as_an_object()
    {
        var named = OptionsOf(helios => helios.ServeFixed(4, "confidence:0.5"));
        var typed = OptionsOf(helios => helios.ServeFixed(4, Exits.Confidence(0.5)));
        (typed.Serving.ExitPolicy, typed.Adaptation.FixedDepth, typed.Adaptation.Enabled).Should().Be((named.Serving.ExitPolicy, named.Adaptation.FixedDepth, named.Adaptation.Enabled));
    }

    [Fact]
    public void What_is_missing_is_refused_at_once()
    {
        var builder = HeliosEngine.CreateBuilder();
        Action[] wrong = [() => builder.Optimize((ISloObjective)null!), () => builder.ExitBy(null!), () => builder.ServeFixed(1, (IExitPolicy)null!)];
        foreach (var call in wrong) call.Should().Throw<ArgumentNullException>();
    }

    private static HeliosOptions OptionsOf(Action<HeliosBuilder> compose)
    {
        var builder = HeliosEngine.CreateBuilder();
        compose(builder);
        return Apply(builder);
    }

    private static HeliosOptions Apply(HeliosBuilder builder)
    {
        var options = new HeliosOptions();
        builder.Apply(options);
        return options;
    }

    private sealed class FewestLayers : ISloObjective
    {
        public string Name => "fewest-layers";

        public ObjectiveScore Score(PointProfile profile) => new(-profile.Point.Target.Depth, []);
    }
}
