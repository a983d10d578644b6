using System.Text.Json;

namespace Helios.ModelBench.Tests;

public sealed class LosslessCommandTests
{
    [Fact]
    public async Task Both_ways_are_timed_at_every_exit_and_batch()
    {
        var found = await BenchRunner.JsonAsync("lossless", TestData.TinyS, "--draft", "2,4", "--batch", "1,3", "--max-tokens", "24", "--rounds", "2");
        found.Fields().Should().Equal("model", "device", "precision", "layers", "temperature", "maxTokens", "rows");
        (found.Text("model"), found.Text("precision"), found.Int("layers"), found.Int("maxTokens")).Should().Be(("tiny-s", "bf16", 6, 24));
        var rows = found.GetProperty("rows").EnumerateArray().ToArray();
        rows.Select(row => (row.Int("draft"), row.Int("batch"))).Should().Equal((2, 1), (2, 3), (4, 1), (4, 3));
        rows.Should().AllSatisfy(row =>
        {
            row.Fields().Should().Equal("draft", "batch", "plainTps", "losslessTps", "speedUp", "acceptance", "draftedShare", "tokensPerStep", "rounds");
            row.Double("plainTps").Should().BePositive();
            row.Double("losslessTps").Should().BePositive();
            row.Double("speedUp").Should().BePositive();
            row.Double("tokensPerStep").Should().BeInRange(1, 8);
            row.Int("rounds").Should().Be(2);
        });
    }

    [Fact]
    public async Task A_model_without_an_exit_below_its_full_depth_cannot_draft()
    {
        var result = await BenchRunner.RunAsync("lossless", TestData.Stories, "--draft", "3");
        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain("no exit below its full depth");
    }
}
