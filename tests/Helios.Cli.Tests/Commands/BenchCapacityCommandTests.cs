using System.Text.Json;

namespace Helios.Cli.Tests.Commands;

public sealed class BenchCapacityCommandTests
{
    private const string Shape = "llama:layers=6,hidden=64,heads=4,kv=2,ffn=96,vocab=100";

    private static readonly string[] Quick = ["--seconds", "0", "--warm-up", "0"];

    [Fact]
    public async Task Fewer_layers_leave_room_for_more_sequences()
    {
        var found = await CliRunner.JsonAsync(["bench", "capacity", "--shape", Shape, "--budget", "8MiB", "--context", "40", "--depth", "2,6", .. Quick]);
        found.Fields().Should().Equal("model", "device", "precision", "budgetBytes", "context", "rows");
        var rows = found.GetProperty("rows").EnumerateArray().ToList();
        rows.Select(row => row.Int("depth")).Should().Equal(2, 6);
        foreach (var row in rows)
        {
            row.Fields().Should().StartWith(["depth", "weightBytes", "kvBytesPerSequence", "maxBatch", "decodeTps", "peakRssBytes"]);
            row.Int("maxBatch").Should().BePositive();
            row.Double("decodeTps").Should().BePositive();
            row.Long("peakRssBytes").Should().BePositive();

            // Three blocks of 16 tokens hold 40; keys and values of 2 heads of 16, FP32.
            row.Long("kvBytesPerSequence").Should().Be(row.Int("depth") * 3 * 16 * 2 * 2 * 16 * 4L);
            MustJustFit(row);
        }

        rows[0].Int("maxBatch").Should().BeGreaterThan(2 * rows[1].Int("maxBatch"));
    }

    [Fact]
    public async Task Keys_and_values_in_bf16_take_half_the_bytes()
    {
        string[] args = ["bench", "capacity", "--shape", Shape, "--budget", "8MiB", "--context", "40", "--depth", "6", .. Quick];
        var whole = (await CliRunner.JsonAsync(args)).GetProperty("rows")[0];
        var half = (await CliRunner.JsonAsync([.. args, "--kv-precision", "bf16"])).GetProperty("rows")[0];
        (whole.Text("kvPrecision"), half.Text("kvPrecision")).Should().Be(("fp32", "bf16"));
        half.Long("kvBytesPerSequence").Should().Be(whole.Long("kvBytesPerSequence") / 2);
        half.Int("maxBatch").Should().BeGreaterThan(whole.Int("maxBatch") * 3 / 2);
        MustJustFit(half);
    }

    [Fact]
    public async Task The_depths_are_the_exits_of_a_model()
    {
        var found = await CliRunner.JsonAsync(["bench", "capacity", TestData.TinyS, "--budget", "24MiB", "--context", "64", .. Quick]);
        found.Text("precision").Should().Be("bf16");
        found.GetProperty("rows").EnumerateArray().Select(row => row.Int("depth")).Should().Equal(2, 3, 4, 5, 6);
    }

    [Fact]
    public async Task The_depths_are_quarters_of_a_shape()
    {
        var found = await CliRunner.JsonAsync(["bench", "capacity", "--shape", Shape, "--budget", "8MiB", .. Quick]);
        found.Int("context").Should().Be(512);
        found.GetProperty("rows").EnumerateArray().Select(row => row.Int("depth")).Should().Equal(2, 3, 5, 6);
    }

    [Fact]
    public async Task Where_nothing_fits_the_batch_is_0()
    {
        var found = await CliRunner.JsonAsync(["bench", "capacity", "--shape", Shape, "--budget", "300KiB", "--depth", "6", .. Quick]);
        var row = found.GetProperty("rows").EnumerateArray().Single();
        (row.Int("maxBatch"), row.Double("decodeTps")).Should().Be((0, 0));
        row.Long("weightBytes").Should().BePositive();
    }

    [Fact]
    public async Task A_budget_beyond_the_machine_fails()
    {
        var result = await CliRunner.RunAsync("bench", "capacity", "--shape", Shape, "--budget", "1000000TiB");
        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("--budget");
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await CliRunner.RunAsync(["bench", "capacity", "--shape", Shape, "--budget", "8MiB", "--depth", "6", .. Quick]);
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("largest batch").And.Contain("8.0 MiB");
    }

    /// <summary>What is used lies within the budget, and one more slab, or the activations of one more row, would not.</summary>
    private static void MustJustFit(JsonElement row)
    {
        const long Budget = 8 << 20;
        var (weights, activations, slabs) = (row.Long("weightBytes"), row.Long("workspaceBytes"), row.Long("kvSlabBytes"));
        row.Long("budgetUsedBytes").Should().Be(weights + activations + slabs).And.BeLessThanOrEqualTo(Budget);
        row.Long("budgetUsedBytes").Should().BeGreaterThan(Budget - (256 << 10), "a slab has 256 KiB");
        (row.Int("maxBatch") * row.Long("kvBytesPerSequence")).Should().BeLessThanOrEqualTo(slabs).And.BeGreaterThan(slabs * 9 / 10);
    }
}
