using System.Text.Json;

namespace Helios.ModelBench.Tests;

public sealed class QualityCommandTests : IDisposable
{
    private const string Stories = """
        Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends and her
        small brown dog. One day, she saw a big box under the old oak tree.

        The captain walked slowly across the deck and looked at the sea. The wind had turned, and the men who had been so sure
        of themselves in the harbour were quiet now.

        To make the bread, mix the flour with water and a little salt. Let it rest for an hour, then bake it until it is brown.
        """;

    private readonly TempFolder folder = new();
    private readonly string file;

    public QualityCommandTests() => file = folder.Write("held-out.txt", Stories);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Fewer_bits_cost_more_quality_and_less_memory()
    {
        var found = await BenchRunner.JsonAsync("quality", TestData.TinyS, "--file", file, "--precision", "fp32,int8,int4", "--depth", "6,3");
        found.Fields().Should().Equal("model", "device", "texts", "rows");
        (found.Text("model"), found.Int("texts")).Should().Be(("tiny-s", 3));
        var rows = Rows(found);
        rows.Select(row => (row.Text("precision"), row.Int("depth"))).Should()
            .Equal(("fp32", 3), ("fp32", 6), ("int8", 3), ("int8", 6), ("int4", 3), ("int4", 6));
        rows.Should().AllSatisfy(row =>
        {
            row.Fields().Should().Equal("precision", "depth", "bitsPerByte", "gapBitsPerByte", "agreement", "tokens", "weightBytes", "kvPrecision");
            row.Text("kvPrecision").Should().Be("fp32");
            row.Int("tokens").Should().BeInRange(100, 140);
        });
        foreach (var depth in (int[])[3, 6])
        {
            var (whole, int8, int4) = (Row(rows, "fp32", depth), Row(rows, "int8", depth), Row(rows, "int4", depth));
            (whole.Double("gapBitsPerByte"), whole.Double("agreement")).Should().Be((0, 1));
            Math.Abs(int8.Double("gapBitsPerByte")).Should().BeInRange(double.Epsilon, 0.005);
            Math.Abs(int4.Double("gapBitsPerByte")).Should().BeLessThan(0.05).And.BeGreaterThan(Math.Abs(int8.Double("gapBitsPerByte")));
            int4.Double("agreement").Should().BeInRange(0.8, int8.Double("agreement"));
            int8.Double("agreement").Should().BeInRange(0.95, 1);
            int8.Long("weightBytes").Should().BeLessThan(whole.Long("weightBytes")).And.BeGreaterThan(int4.Long("weightBytes"));
            int8.Double("gapBitsPerByte").Should().BeApproximately(int8.Double("bitsPerByte") - whole.Double("bitsPerByte"), 1e-12);
        }
    }

    [Fact]
    public async Task Bits_per_byte_are_those_of_the_score_over_the_bytes_behind_the_first_token()
    {
        const string Fox = "One day, a clever fox found a shiny key under the old oak tree.";
        var one = folder.Write("fox.jsonl", $$"""{"prompt": "{{Fox}}"}""");
        var row = Rows(await BenchRunner.JsonAsync("quality", TestData.Stories, "--file", one, "--precision", "auto")).Single();
        var score = await CliRunner.JsonAsync("score", TestData.Stories, "--text", Fox);

        // Behind the start token every byte is predicted, and the space that this tokenizer puts before a text.
        row.Double("bitsPerByte").Should().BeApproximately(score.GetProperty("nll").Double("5") / Math.Log(2) / (Fox.Length + 1), 1e-5);
        (row.Text("precision"), row.Int("depth"), row.Int("tokens")).Should().Be(("fp32", 5, score.Int("tokens") - 1));
    }

    [Fact]
    public async Task A_model_is_compared_as_stored_at_its_exits_by_default()
    {
        var rows = Rows(await BenchRunner.JsonAsync("quality", TestData.TinyS, "--file", folder.Write("short.txt", "A short one.")));
        string[] precisions = ["bf16", "int8", "int4"];
        int[] exits = [2, 3, 4, 5, 6];
        rows.Select(row => (row.Text("precision"), row.Int("depth"))).Should().Equal(
            precisions.SelectMany(precision => exits.Select(depth => ((string?)precision, depth))));
    }

    [Fact]
    public async Task A_text_is_cut_to_the_context()
    {
        var longText = folder.Write("long.txt", string.Concat(Enumerable.Repeat("The wind had turned. ", 200)));
        var row = Rows(await BenchRunner.JsonAsync("quality", TestData.TinyS, "--file", longText, "--precision", "auto", "--depth", "2")).Single();
        row.Int("tokens").Should().Be(255);
    }

    [Fact]
    public async Task Keys_and_values_in_bf16_are_off_by_little()
    {
        string[] args = ["quality", TestData.TinyS, "--file", file, "--precision", "auto", "--depth", "6"];
        var whole = Rows(await BenchRunner.JsonAsync(args)).Single();
        var half = Rows(await BenchRunner.JsonAsync([.. args, "--kv-precision", "bf16"])).Single();
        half.Text("kvPrecision").Should().Be("bf16");
        Math.Abs(half.Double("bitsPerByte") - whole.Double("bitsPerByte")).Should().BeInRange(double.Epsilon, 0.005);
    }

    [Fact]
    public async Task Weights_that_are_no_numbers_fail()
    {
        foreach (var path in Directory.GetFiles(TestData.Stories)) File.Copy(path, Path.Combine(folder.Path, Path.GetFileName(path)));
        var weights = Path.Combine(folder.Path, "model.safetensors");
        using (var stream = File.OpenWrite(weights))
        {
            stream.Seek(-4, SeekOrigin.End);
            stream.Write(BitConverter.GetBytes(float.NaN));
        }

        var result = await BenchRunner.RunAsync("quality", folder.Path, "--file", file, "--json");
        result.Code.Should().Be(ExitCode.Failed);
        result.Out.Should().BeEmpty();
        result.Error.Should().Contain("in fp32 at depth 5 is not a finite number");
    }

    [Fact]
    public async Task Text_with_nothing_to_predict_fails()
    {
        var empty = folder.Write("special.jsonl", """{"text": "<|endoftext|>"}""");
        var result = await BenchRunner.RunAsync("quality", TestData.TinyS, "--file", empty);
        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("special.jsonl").And.Contain("longer texts");
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await BenchRunner.RunAsync("quality", TestData.TinyS, "--file", file, "--precision", "bf16,int4", "--depth", "6");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("bits per byte").And.Contain("gap and agreement are to bf16").And.NotContain("\u001b");
    }

    private static List<JsonElement> Rows(JsonElement found) => [.. found.GetProperty("rows").EnumerateArray()];

    private static JsonElement Row(List<JsonElement> rows, string precision, int depth) =>
        rows.Single(row => row.Text("precision") == precision && row.Int("depth") == depth);
}
