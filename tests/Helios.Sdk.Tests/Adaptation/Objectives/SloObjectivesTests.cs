namespace Helios.Sdk.Tests.Adaptation.Objectives;

public class SloObjectivesTests
{
    public static TheoryData<ISloObjective, string> All => new()
    {
        { SloObjectives.Throughput, "throughput" },
        { SloObjectives.Latency, "latency" },
        { SloObjectives.TimeToFirstToken, "ttft" },
        { SloObjectives.Energy, "energy" },
        { SloObjectives.Memory, "memory" },
        { SloObjectives.Quality(), "quality" },
        { SloObjectives.Quality(1 << 20, TimeSpan.FromSeconds(0.5), TimeSpan.FromMilliseconds(2.5)), "quality:bytes=1048576,ttft=500ms,tpot=2.5ms" },
        { SloObjectives.Goodput(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50)), "goodput:ttft=1000ms,tpot=50ms" },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void A_typed_objective_is_the_one_that_its_name_finds(ISloObjective typed, string name)
    {
        typed.Name.Should().Be(name);
        SloObjectives.Parse(typed.Name).Should().BeOfType(typed.GetType());
    }

    [Fact]
    public void A_name_that_no_objective_has_is_refused_with_those_that_there_are()
    {
        var find = () => SloObjectives.Parse("beauty");
        find.Should().Throw<InvalidOptionException>().Which.Faults.Should().ContainSingle().Which.Expected.Should().Contain("goodput");
    }

    [Fact]
    public void A_limit_of_nothing_is_refused()
    {
        var none = () => SloObjectives.Goodput(TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        none.Should().Throw<ArgumentException>().WithMessage("*ttft*");
        var bytes = () => SloObjectives.Quality(maxBytes: 0);
        bytes.Should().Throw<ArgumentException>().WithMessage("*bytes*");
    }
}
