namespace Helios.ModelBench.Tests;

public sealed class EnduranceCommandTests
{
    [Fact]
    public async Task No_request_is_lost_and_no_answer_wrong()
    {
        var found = await BenchRunner.JsonAsync("endurance", "--requests", "3000", "--clients", "64", "--seed", "3");

        found.GetProperty("wrong").GetArrayLength().Should().Be(0);
        (found.Long("lost"), found.Int("failed"), found.Int("wrongAnswers"), found.Long("leftBytes")).Should().Be((0L, 0, 0, 0L));
        (found.Long("answered") + found.Long("left") + found.Long("cancelled") + found.Long("rejected") + found.Long("unloaded")).Should().Be(3000);
        found.Long("answered").Should().BePositive();
        found.GetProperty("heapBytes").GetArrayLength().Should().Be(4);
    }
}
