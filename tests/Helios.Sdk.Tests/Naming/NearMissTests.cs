using Helios.Sdk.Naming;

namespace Helios.Sdk.Tests.Naming;

public class NearMissTests
{
    [Theory]
    [InlineData("fiar", "fair")]
    [InlineData("FAIR", "fair")]
    [InlineData("throughptu", "throughput")]
    [InlineData("Throghput", "throughput")]
    [InlineData("througput", "throughput")]
    [InlineData("MemoryBudget", "MemoryBudgetBytes")]
    [InlineData("first_come", "first-come")]
    public void A_slip_is_seen_through(string found, string meant) =>
        NearMiss.Nearest(found, ["first-come", "fair", "deadline", "throughput", "MemoryBudgetBytes"]).Should().Be(meant);

    [Theory]
    [InlineData("")]
    [InlineData("beauty")]
    [InlineData("fast")]
    [InlineData("cuda")]
    public void What_is_far_from_everything_gets_no_guess(string found)
    {
        NearMiss.Nearest(found, ["fair", "cpu", "deadline", "x"]).Should().BeNull();
        NearMiss.Ask(found, ["fair", "cpu", "deadline", "x"]).Should().BeEmpty();
    }

    [Fact]
    public void The_nearest_is_taken() => NearMiss.Ask("int8x", ["int4", "int8"]).Should().Be(" Did you mean 'int8'?");
}
