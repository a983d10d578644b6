using System.Text.Json;

namespace Helios.Cli.Tests.Commands;

public sealed class BenchDecodeCommandTests
{
    private const string Shape = "llama:layers=3,hidden=64,heads=4,kv=2,ffn=96,vocab=100";

    private static readonly string[] Quick = ["--steps", "2", "--warm-up", "0", "--prefill", "20"];

    [Fact]
    public async Task A_row_for_every_depth_and_batch()
    {
        var found = await CliRunner.JsonAsync(["bench", "decode", "--shape", Shape, "--batch", "1,4", "--depth", "1,3", "--context", "20", .. Quick]);
        found.Fields().Should().Equal("model", "device", "context", "prefill", "rows");
        found.Text("model").Should().Be(Shape);
        var rows = found.GetProperty("rows").EnumerateArray().ToList();
        rows.Select(row => (row.Int("depth"), row.Int("batch"))).Should().Equal((1, 1), (1, 4), (3, 1), (3, 4));
        foreach (var row in rows)
        {
            row.Fields().Should().StartWith(["batch", "depth", "precision", "decodeTps", "stepMs", "prefillTps", "weightBytes", "gbPerS"]);
            row.Text("precision").Should().Be("bf16");
            row.Text("kvPrecision").Should().Be("fp32");
            row.Int("steps").Should().Be(2);
            foreach (var field in (string[])["decodeTps", "stepMs", "prefillTps", "gbPerS", "p90Ms", "p99Ms", "streamGbPerS", "share"])
                row.Double(field).Should().BePositive(field);
            row.Double("decodeTps").Should().BeApproximately(row.Int("batch") / row.Double("stepMs") * 1000, 0.01);
        }
    }

    [Fact]
    public async Task A_step_reads_layers_norm_and_head_but_no_embedding_table()
    {
        var found = await CliRunner.JsonAsync(["bench", "decode", "--shape", Shape, "--batch", "1", "--depth", "1,2", "--precision", "fp32", .. Quick]);
        var (one, two) = (found.GetProperty("rows")[0], found.GetProperty("rows")[1]);

        // FP32: 2 norms of 64; 64 query, 32 key and 32 value rows; output; gate, up and down. Head and table have 100 rows in whole blocks of 16.
        const int Layer = 4 * (2 * 64 + (64 + 32 + 32) * 64 + 64 * 64 + 3 * 96 * 64);
        const int Head = 4 * (64 + 112 * 64);
        const int Table = 4 * 112 * 64;
        one.Text("precision").Should().Be("fp32");
        one.Long("bytesPerStep").Should().Be(Layer + Head);
        two.Long("bytesPerStep").Should().Be(2 * Layer + Head);
        one.Long("weightBytes").Should().Be(Layer + Head + Table);
    }

    [Fact]
    public async Task A_model_runs_at_its_context_by_default()
    {
        var found = await CliRunner.JsonAsync("bench", "decode", TestData.TinyS, "--batch", "2", "--steps", "1", "--warm-up", "0", "--threads", "1");
        found.Int("prefill").Should().Be(256, "its context holds no more");
        var row = found.GetProperty("rows").EnumerateArray().Single();
        row.Int("depth").Should().Be(6);
        row.Long("bytesPerStep").Should().Be(row.Long("weightBytes"), "its head is its embedding table");
    }

    [Fact]
    public async Task Without_a_prefill_its_speed_is_not_known()
    {
        var found = await CliRunner.JsonAsync("bench", "decode", "--shape", Shape, "--batch", "1", "--steps", "1", "--warm-up", "0", "--prefill", "0", "--context", "0");
        found.GetProperty("rows")[0].GetProperty("prefillTps").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Keys_and_values_may_be_bf16()
    {
        var found = await CliRunner.JsonAsync(["bench", "decode", "--shape", Shape, "--batch", "2", "--kv-precision", "bf16", .. Quick]);
        found.GetProperty("rows")[0].Text("kvPrecision").Should().Be("bf16");
    }

    [Fact]
    public async Task Contention_is_measured_beside_another_process()
    {
        var found = await CliRunner.JsonAsync(["bench", "decode", "--shape", Shape, "--batch", "1", "--contend", "1", .. Quick]);
        var contention = found.GetProperty("contention");
        contention.Int("threads").Should().Be(1);
        contention.Int("depth").Should().Be(3);
        foreach (var state in (string[])["quiet", "contended"]) contention.GetProperty(state).Int("steps").Should().BePositive();
        foreach (var field in (string[])["meanRatio", "p99Ratio", "p99ToQuietMean"]) contention.Double(field).Should().BePositive();
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await CliRunner.RunAsync(["bench", "decode", "--shape", Shape, "--batch", "1", .. Quick]);
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("tokens/s").And.Contain("prefill 20").And.NotContain("\u001b");
    }
}
