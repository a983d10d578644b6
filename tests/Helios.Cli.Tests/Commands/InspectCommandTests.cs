namespace Helios.Cli.Tests.Commands;

public sealed class InspectCommandTests
{
    [Fact]
    public async Task Says_what_the_headers_say()
    {
        var found = await CliRunner.JsonAsync("inspect", TestData.TinyS);
        found.Fields().Should().Equal("name", "architecture", "layers", "hiddenSize", "vocabSize", "contextLength", "exits", "dtype", "parameters", "bytes", "tokenizer", "precision", "held", "exitParts", "generation", "remark");
        found.GetProperty("exitParts").Fields().Should().BeEmpty();
        found.Text("name").Should().Be("tiny-s");
        found.Text("architecture").Should().Be("llama");
        found.Int("layers").Should().Be(6);
        found.Int("hiddenSize").Should().Be(160);
        found.Int("vocabSize").Should().Be(4096);
        found.Int("contextLength").Should().Be(256);
        found.Ints("exits").Should().Equal(2, 3, 4, 5, 6);
        found.Text("dtype").Should().Be("bf16");
        found.Long("parameters").Should().Be(2_469_920);
        found.Text("tokenizer").Should().Contain("4096");
    }

    [Fact]
    public async Task Shows_what_exits_have_of_their_own()
    {
        using var folder = GenerateCommandTests.WithGenerationConfig("{}");
        folder.Write("helios.json", """
            {"version":2,"exits":[{"layers":2},{"layers":3,"norm":"model.norm.weight","map":"model.layers.0.self_attn.q_proj.weight"},
             {"layers":4,"mlp":{"norm":"model.norm.weight","up":"model.layers.0.mlp.up_proj.weight","down":"model.layers.0.mlp.down_proj.weight"}}]}
            """);
        var found = (await CliRunner.JsonAsync("inspect", folder.Path)).GetProperty("exitParts");
        found.Fields().Should().Equal("3", "4");
        found.GetProperty("3").EnumerateArray().Select(part => part.GetString()).Should().Equal("norm", "map");
        found.GetProperty("4").EnumerateArray().Select(part => part.GetString()).Should().Equal("mlp");
        (await CliRunner.RunAsync("inspect", folder.Path)).Out.Should().Contain("exits at 2, 3 (own norm, map), 4 (own mlp), 6");
        (await CliRunner.JsonAsync("generate", folder.Path, "--ids", "1,2,3", "--max-tokens", "8", "--exit-policy", "top1:0.1")).Ints("exitDepths").Should().NotBeEmpty();
    }

    [Fact]
    public async Task Shows_how_the_model_asks_to_be_sampled()
    {
        var plain = (await CliRunner.JsonAsync("inspect", TestData.TinyS)).GetProperty("generation");
        plain.Fields().Should().Equal("endOfSequence", "temperature", "topK", "topP", "minP", "repetitionPenalty", "ignored");
        plain.Double("temperature").Should().Be(0);
        using var folder = GenerateCommandTests.WithGenerationConfig("""{"eos_token_id":[1,5],"do_sample":true,"temperature":0.5,"top_k":20,"num_beams":4}""");
        var found = (await CliRunner.JsonAsync("inspect", folder.Path)).GetProperty("generation");
        found.Ints("endOfSequence").Should().Equal(1, 5);
        found.Double("temperature").Should().Be(0.5);
        found.Int("topK").Should().Be(20);
        found.GetProperty("ignored").EnumerateArray().Select(name => name.GetString()).Should().Equal("num_beams");
        var words = await CliRunner.RunAsync("inspect", folder.Path);
        words.Out.Should().Contain("temperature 0.5, top-k 20; ignored: num_beams");
    }

    [Fact]
    public async Task A_model_without_a_sidecar_has_one_exit()
    {
        var found = await CliRunner.JsonAsync("inspect", TestData.Stories);
        found.Ints("exits").Should().Equal(5);
        found.Text("dtype").Should().Be("f32");
    }

    [Fact]
    public async Task Bytes_are_those_of_the_precision_on_the_device()
    {
        var stored = (await CliRunner.JsonAsync("inspect", TestData.TinyS)).GetProperty("bytes");
        var wide = (await CliRunner.JsonAsync("inspect", TestData.TinyS, "--precision", "fp32", "--threads", "1")).GetProperty("bytes");

        // At least the weights as stored, and not much more than padding makes of them.
        stored.Long("fixed").Should().BeInRange(2 * 4096 * 160, 2 * 2 * 4096 * 160 + 4096);
        stored.Long("perLayer").Should().BeInRange(2 * 302_000, 2 * 340_000);
        wide.Long("perLayer").Should().BeGreaterThan(stored.Long("perLayer") * 19 / 10);
        wide.Long("kvPerTokenPerLayer").Should().Be(2 * 160 * 4).And.Be(stored.Long("kvPerTokenPerLayer"));
    }

    [Fact]
    public async Task Keys_and_values_in_bf16_take_half_the_bytes()
    {
        var bytes = (await CliRunner.JsonAsync("inspect", TestData.TinyS, "--kv-precision", "bf16")).GetProperty("bytes");
        bytes.Long("kvPerTokenPerLayer").Should().Be(2 * 160 * 2);
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await CliRunner.RunAsync("inspect", TestData.TinyM);
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("tiny-m").And.Contain("12, exits at 3, 6, 8, 10, 12").And.NotContain("\u001b");
    }

    [Fact]
    public async Task A_model_without_a_tokenizer_can_be_inspected()
    {
        using var folder = new TempFolder();
        foreach (var name in (string[])["config.json", "model.safetensors"]) File.Copy(Path.Combine(TestData.Stories, name), Path.Combine(folder.Path, name));
        var result = await CliRunner.RunAsync("inspect", folder.Path, "--json");
        result.Code.Should().Be(ExitCode.Done);
        result.Lines().Single().Text("tokenizer").Should().BeNull();
        result.Error.Should().Contain("tokenizer.json");
    }
}
