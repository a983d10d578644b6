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
    [MemberData(nameof(Names))]
    public void It_looks_everywhere_or_nowhere(string name, ExitSignals needs)
    {
        var looks = new bool[3];

        ExitPolicyParser.Parse(name).ChooseLooks([2, 3, 4], looks);

        looks.Should().AllBeEquivalentTo(name != "none", because: needs.ToString());
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
            new() { Confidence = 0.79f, Top1 = 0.89f, Margin = 0.29f, Entropy = 1.6f, AgreeingLooks = 1 },
            new() { Confidence = 0.8f, Top1 = 0.9f, Margin = 0.3f, Entropy = 1.5f, AgreeingLooks = 2 },
            new() { Confidence = 0.9f, Top1 = 0.95f, Margin = 0.5f, Entropy = 1.4f, AgreeingLooks = 3 },
            new() { Confidence = float.NaN, Top1 = float.NaN, Margin = float.NaN, Entropy = float.NaN, AgreeingLooks = 0 },
        ];
        var leave = new bool[rows.Length];

        ExitPolicyParser.Parse(name).Decide(3, rows, leave);

        leave.Should().Equal(under, at, over, unknown);
    }

    [Theory]
    [InlineData("", "no exit policy ''")]
    [InlineData("greedy", "no exit policy 'greedy'")]
    [InlineData("None", "no exit policy 'None'")]
    [InlineData("none:1", "no exit policy 'none:1'")]
    [InlineData("confidence", "lacks its number")]
    [InlineData("confidence:", "not ''")]
    [InlineData("confidence:NaN", "from 0 to 1, not 'NaN'")]
    [InlineData("confidence:1.01", "from 0 to 1, not '1.01'")]
    [InlineData("top1:-0.1", "from 0 to 1, not '-0.1'")]
    [InlineData("margin:x", "from 0 to 1, not 'x'")]
    [InlineData("entropy:0", "nats above 0")]
    [InlineData("entropy:Infinity", "nats above 0")]
    [InlineData("patience:0", "whole number from 1")]
    [InlineData("patience:1.5", "whole number from 1")]
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

    private sealed class OwnPolicy(string name) : IExitPolicy
    {
        public string Name => name;

        public ExitSignals Needs => ExitSignals.None;

        public void ChooseLooks(ReadOnlySpan<int> exits, Span<bool> looks)
        {
        }

        public void Decide(int exit, ReadOnlySpan<ExitSignal> rows, Span<bool> leave)
        {
        }
    }
}
