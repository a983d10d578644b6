using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.ExitPolicies;

public class ExitsTests
{
    public static TheoryData<IExitPolicy, string> All => new()
    {
        { Exits.None, "none" },
        { Exits.Confidence(0.8), "confidence:0.8" },
        { Exits.Confidence(0.8, minDepth: 3), "confidence:0.8,min=3" },
        { Exits.Top1(0.9), "top1:0.9" },
        { Exits.Margin(0.5), "margin:0.5" },
        { Exits.Entropy(1.5), "entropy:1.5" },
        { Exits.Patience(2), "patience:2" },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void A_typed_policy_is_the_one_that_its_name_finds(IExitPolicy typed, string name)
    {
        typed.Name.Should().Be(name);
        Exits.Parse(typed.Name).Should().BeOfType(typed.GetType());
    }

    [Fact]
    public void A_name_that_no_policy_has_is_refused_with_those_that_there_are()
    {
        var find = () => Exits.Parse("sure:1");
        find.Should().Throw<InvalidOptionException>().Which.Faults.Should().ContainSingle().Which.Note.Should().Contain("confidence");
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Action[] wrong = [() => Exits.Confidence(1.1), () => Exits.Confidence(double.NaN), () => Exits.Entropy(0), () => Exits.Patience(0), () => Exits.Top1(0.5, minDepth: -1)];
        foreach (var make in wrong) make.Should().Throw<ArgumentException>();
    }
}
