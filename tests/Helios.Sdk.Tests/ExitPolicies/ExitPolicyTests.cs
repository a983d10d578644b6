using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.ExitPolicies;

public class ExitPolicyTests
{
    public static TheoryData<string, ExitSignals> Names => new()
    {
        { "none", ExitSignals.None },
        { "confidence:0.8", ExitSignals.Confidence },
        { "top1:0.9", ExitSignals.Top1 },
        { "margin:0.3", ExitSignals.Margin },
        { "entropy:1.5", ExitSignals.Entropy },
        { "patience:2", ExitSignals.None },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_gives_its_policy(string name, ExitSignals needs)
    {
        var policy = ExitPolicyParser.Parse(name);

        policy.Name.Should().Be(name);
        policy.Needs.Should().Be(needs);
    }

    [Theory]
    [InlineData(Cultures.German, "confidence:0.8")]
    [InlineData(Cultures.German, "top1:0.95,min=3")]
    [InlineData(Cultures.German, "margin:0.3")]
    [InlineData(Cultures.German, "entropy:1.5")]
    [InlineData(Cultures.German, "patience:2")]
    [InlineData(Cultures.Swedish, "entropy:1E-05")]
    public void A_name_is_written_alike_in_every_culture_and_read_again(string culture, string name)
    {
        using var _ = Cultures.Use(culture);
        ExitPolicyParser.Parse(name).Name.Should().Be(name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_checks_cost_nothing_it_checks_everywhere_or_nowhere(string name, ExitSignals needs) =>
        Checks(name, checkCost: 0).Should().AllBeEquivalentTo(name != "none", because: needs.ToString());

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_a_check_costs_more_than_it_may_save_it_checks_nowhere(string name, ExitSignals needs) =>
        Checks(name, checkCost: 5).Should().AllBeEquivalentTo(false, because: needs.ToString());

    [Fact]
    public void Patience_needs_exits_enough_for_checks_that_agree()
    {
        Checks("patience:1", checkCost: 0.7).Should().Equal(true, true, true);
        Checks("patience:3", checkCost: 0.7).Should().Equal([false, false, false], "three checks cost more than the two layers above the third");
        Checks("patience:4", checkCost: 0).Should().Equal(false, false, false);
    }

    [Fact]
    public void A_least_depth_hides_the_exits_below()
    {
        Checks("confidence:0.8,min=3", checkCost: 0).Should().Equal(false, true, true);
        Checks("confidence:0.8,min=9", checkCost: 0).Should().Equal(false, false, false);
        var policy = ExitPolicyParser.Parse("confidence:0.8,min=3");
        (policy.Name, policy.Needs).Should().Be(("confidence:0.8,min=3", ExitSignals.Confidence));
        var leave = new bool[1];
        policy.Decide(3, [new ExitSignal { Confidence = 0.9f }], leave);
        leave[0].Should().BeTrue();
    }

    [Theory]
    [InlineData("none", false, false, false, false)]
    [InlineData("confidence:0.8", false, true, true, false)]
    [InlineData("top1:0.9", false, true, true, false)]
    [InlineData("margin:0.3", false, true, true, false)]
    [InlineData("entropy:1.5", false, false, true, false)] // at the threshold it is not below
    [InlineData("patience:2", false, true, true, false)]
    public void Rows_leave_at_the_threshold(string name, bool under, bool at, bool over, bool unknown)
    {
        ExitSignal[] rows =
        [
            new() { Confidence = 0.79f, Top1 = 0.89f, Margin = 0.29f, Entropy = 1.6f, AgreeingChecks = 1 },
            new() { Confidence = 0.8f, Top1 = 0.9f, Margin = 0.3f, Entropy = 1.5f, AgreeingChecks = 2 },
            new() { Confidence = 0.9f, Top1 = 0.95f, Margin = 0.5f, Entropy = 1.4f, AgreeingChecks = 3 },
            new() { Confidence = float.NaN, Top1 = float.NaN, Margin = float.NaN, Entropy = float.NaN, AgreeingChecks = 0 },
        ];
        var leave = new bool[rows.Length];

        ExitPolicyParser.Parse(name).Decide(3, rows, leave);

        leave.Should().Equal(under, at, over, unknown);
    }

    [Theory]
    [InlineData("", "Serving.ExitPolicy is ''; expected a known policy. Known are: none, confidence:")]
    [InlineData("greedy", "Serving.ExitPolicy is 'greedy'; expected a known policy. Known are: none, confidence:")]
    [InlineData("nono", "Serving.ExitPolicy is 'nono'; expected a known policy. Known are: none, confidence:")]
    [InlineData("none:1", "Serving.ExitPolicy is 'none:1'; expected a known policy. Known are: none, confidence:")]
    [InlineData("confidence", "'confidence'; expected confidence:<a number from 0 to 1>")]
    [InlineData("confidence:", "'confidence:'; expected confidence:<a number from 0 to 1>")]
    [InlineData("confidence:NaN", "'confidence:NaN'; expected confidence:<a number from 0 to 1>")]
    [InlineData("confidence:1.01", "'confidence:1.01'; expected confidence:<a number from 0 to 1>")]
    [InlineData("top1:-0.1", "'top1:-0.1'; expected top1:<a number from 0 to 1>")]
    [InlineData("margin:x", "'margin:x'; expected margin:<a number from 0 to 1>")]
    [InlineData("entropy:0", "nats above 0")]
    [InlineData("entropy:Infinity", "nats above 0")]
    [InlineData("patience:0", "whole number from 1")]
    [InlineData("patience:1.5", "whole number from 1")]
    [InlineData("confidence:0.8,min=0", "'confidence:0.8,min=0'; expected a depth of at least 1 after min=")]
    [InlineData("confidence:0.8,min=x", "'confidence:0.8,min=x'; expected a depth of at least 1 after min=")]
    [InlineData("none,min=3", "expected none without min: it has no exits to hold back")]
    public void What_it_cannot_read_it_names(string text, string message)
    {
        var parse = () => ExitPolicyParser.Parse(text, [() => new OwnPolicy("mine")]);

        parse.Should().Throw<ArgumentException>().WithMessage($"*{message}*patience:<*mine*");
    }

    [Fact]
    public void An_applications_own_policy_goes_first()
    {
        ExitPolicyParser.Parse("none", [() => new OwnPolicy("none")]).Should().BeOfType<OwnPolicy>();
        ExitPolicyParser.Parse("a:b", [() => new OwnPolicy("a"), () => new OwnPolicy("a:b")]).Name.Should().Be("a:b");
    }

    private static bool[] Checks(string name, double checkCost)
    {
        var checks = new bool[3];
        var layout = new ExitLayout { Depths = [2, 3, 4], ServedDepth = 6, CheckCost = checkCost };
        ExitPolicyParser.Parse(name).ChooseExits(layout, checks);
        return checks;
    }

    private sealed class OwnPolicy(string name) : IExitPolicy
    {
        public string Name => name;

        public ExitSignals Needs => ExitSignals.None;

        public void ChooseExits(in ExitLayout exits, Span<bool> checks)
        {
        }

        public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
        {
        }
    }
}
