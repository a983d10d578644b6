
namespace Helios.ModelBench.Tests;

public sealed class SoakCommandTests
{
    /// <summary>Three seconds, two models of different tokenizers.</summary>
    [Fact]
    public async Task Nothing_leaks_and_every_answer_is_as_alone()
    {
        var found = await BenchRunner.JsonAsync("soak", TestData.TinyS, TestData.Stories, "--minutes", "0.05", "--clients", "16", "--check", "60", "--seed", "5");

        found.GetProperty("wrong").GetArrayLength().Should().Be(0);
        (found.Int("failed"), found.Int("different"), found.Long("kvUsedBytes"), found.Long("strayBytes"), found.Long("nativeBytes")).Should().Be((0, 0, 0L, 0L, 0L));
        found.Int("checked").Should().BeInRange(1, 60);
        found.Long("preemptions").Should().BeGreaterThanOrEqualTo(0, "how short of memory it gets in seconds depends on the machine");
        found.Long("tokens").Should().BePositive();
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await BenchRunner.RunAsync("soak", TestData.TinyS, "--minutes", "0.01", "--clients", "4");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("compared with alone").And.Contain("0 differ");
    }
}
