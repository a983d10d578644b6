using System.Text.Json;

namespace Helios.ModelBench.Tests;

public sealed class ExitsCommandTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string file;

    public ExitsCommandTests() => file = folder.Write("held-out.txt", """
        Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends and her
        small brown dog. One day, she saw a big box under the old oak tree.

        The captain walked slowly across the deck and looked at the sea. The wind had turned, and the men who had been so sure
        of themselves in the harbour were quiet now.
        """);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Cost_and_quality_of_each_policy_are_told()
    {
        var found = await BenchRunner.JsonAsync(
            "exits", TestData.TinyM, "--file", file, "--batch", "1", "--max-tokens", "8", "--rounds", "1",
            "--policies", "none", "confidence:0.8", "confidence:0.8,min=8", "top1:0");
        found.Fields().Should().Equal("model", "device", "precision", "depth", "texts", "tokens", "rows");
        (found.Int("depth"), found.Int("texts")).Should().Be((12, 2));
        var rows = found.GetProperty("rows").EnumerateArray().ToArray();
        rows.Select(row => row.Text("policy")).Should().Equal("none", "confidence:0.8", "confidence:0.8,min=8", "top1:0");
        rows.Should().AllSatisfy(row =>
        {
            row.Fields().Should().Equal("policy", "checks", "bitsPerByte", "gapBitsPerByte", "agreement", "meanDepth", "exitShares", "speeds");
            row.GetProperty("exitShares").EnumerateObject().Sum(share => share.Value.GetDouble()).Should().BeApproximately(1, 1e-9);
            row.GetProperty("speeds").EnumerateArray().Single().Double("speedUp").Should().BePositive();
        });

        var (none, confident, deep, all) = (rows[0], rows[1], rows[2], rows[3]);
        (none.Double("gapBitsPerByte"), none.Double("agreement"), none.Double("meanDepth")).Should().Be((0, 1, 12));
        none.Ints("checks").Should().BeEmpty();
        confident.Ints("checks").Should().Equal(3, 6, 8, 10);
        deep.Ints("checks").Should().Equal(8, 10);
        confident.Double("meanDepth").Should().BeLessThan(deep.Double("meanDepth"));
        confident.Double("agreement").Should().BeInRange(0.5, 1).And.BeLessThanOrEqualTo(deep.Double("agreement"));
        all.Double("gapBitsPerByte").Should().BeGreaterThan(confident.Double("gapBitsPerByte"), "every token but the first leaves at the first exit");
        all.GetProperty("exitShares").EnumerateObject().Select(share => share.Name).Should().Equal("3", "12");
    }

    [Fact]
    public async Task Without_exits_it_is_the_quality_that_bench_quality_finds()
    {
        var exits = await BenchRunner.JsonAsync("exits", TestData.TinyS, "--file", file, "--depth", "4", "--batch", "1", "--max-tokens", "2", "--rounds", "1", "--policies", "none");
        var quality = await BenchRunner.JsonAsync("quality", TestData.TinyS, "--file", file, "--depth", "4", "--precision", "auto");
        exits.GetProperty("rows")[0].Double("bitsPerByte").Should().BeApproximately(quality.GetProperty("rows")[0].Double("bitsPerByte"), 1e-9);
        exits.Int("tokens").Should().Be(quality.GetProperty("rows")[0].Int("tokens"));
    }
}
