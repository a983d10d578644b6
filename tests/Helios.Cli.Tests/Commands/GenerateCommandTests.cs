using System.Text;

namespace Helios.Cli.Tests.Commands;

public sealed class GenerateCommandTests
{
    private const string Once = "4093,743,727,258,496"; // "Once upon a time"

    [Theory]
    [InlineData(6, new[] { 44, 448, 314, 258, 607, 695, 1075, 751, 46, 408, 1017, 272, 521, 358, 347, 1263, 278, 635, 347, 1263, 46, 929, 391, 44 })]
    [InlineData(3, new[] { 44, 448, 314, 258, 607, 695, 1075, 751, 46, 408, 314, 582, 1110, 278, 355, 750, 272, 493, 272, 261, 991, 46, 408, 750 })]
    public async Task Greedy_tokens_of_a_partial_load_equal_the_reference(int depth, int[] expected)
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "24", "--depth", $"{depth}");
        found.Fields().Should().Equal("ids", "text", "exitDepths", "finishReason", "loadedLayers", "weightBytes", "kvBytes", "ttftMs", "tpotMs");
        found.Ints("ids").Should().Equal(expected);
        found.Ints("exitDepths").Should().HaveCount(24).And.AllBeEquivalentTo(depth);
        found.Text("finishReason").Should().Be("length");
        found.Int("loadedLayers").Should().Be(depth);
        found.Double("ttftMs").Should().BePositive();
        found.Double("tpotMs").Should().BePositive();
    }

    [Theory]
    [InlineData(12, new[] { 44, 448, 314, 258, 607, 695, 1075, 751, 46, 408, 1017, 272, 521, 358, 347, 1263 })]
    [InlineData(6, new[] { 44, 448, 314, 258, 607, 695, 1075, 751, 46, 408, 314, 582, 670, 278, 1017, 272 })]
    public async Task Grouped_heads_equal_the_reference(int depth, int[] expected)
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyM, "--ids", Once, "--max-tokens", "16", "--depth", $"{depth}");
        found.Ints("ids").Should().Equal(expected);
    }

    [Theory]
    [InlineData("--temperature", "0")]
    [InlineData("--temperature", "0.8")]
    public async Task Lossless_drafts_change_nothing(string option, string value)
    {
        string[] args = ["generate", TestData.TinyM, "--ids", Once, "--max-tokens", "60", "--ignore-eos", "--seed", "5", option, value];
        var plain = await CliRunner.JsonAsync(args);
        var drafted = await CliRunner.JsonAsync([.. args, "--lossless", "6"]);
        drafted.Ints("ids").Should().Equal(plain.Ints("ids"));
        drafted.Ints("exitDepths").Should().HaveCount(60).And.AllBeEquivalentTo(12);
        drafted.Int("loadedLayers").Should().Be(12);
    }

    [Fact]
    public async Task A_model_that_was_not_trained_for_exits_equals_the_reference()
    {
        var found = await CliRunner.JsonAsync("generate", TestData.Stories, "--prompt", "Once upon a time", "--max-tokens", "20");
        found.Ints("ids").Should().Equal(432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338, 401, 396, 267, 337, 410, 408, 419, 292);
        found.Text("text").Should().Be(", there was a little girl named Lily. She loved to play outsid");
    }

    [Fact]
    public async Task The_models_own_sampling_holds_where_no_option_is_given()
    {
        using var folder = WithGenerationConfig("""{"do_sample":true,"temperature":1.5,"top_k":40}""");
        string[] args = ["--ids", Once, "--max-tokens", "24", "--seed", "3"];
        var found = await CliRunner.JsonAsync(["generate", folder.Path, .. args]);
        found.Ints("ids").Should().Equal((await CliRunner.JsonAsync(["generate", TestData.TinyS, .. args, "--temperature", "1.5", "--top-k", "40"])).Ints("ids"));
        var greedy = await CliRunner.JsonAsync(["generate", folder.Path, .. args, "--temperature", "0"]);
        greedy.Ints("ids").Should().Equal((await CliRunner.JsonAsync(["generate", TestData.TinyS, .. args])).Ints("ids"));
        greedy.Ints("ids").Should().NotEqual(found.Ints("ids"));
    }

    [Fact]
    public async Task A_partial_load_takes_the_bytes_of_its_layers()
    {
        var bytes = (await CliRunner.JsonAsync("inspect", TestData.TinyS)).GetProperty("bytes");
        var half = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "8", "--depth", "3");
        half.Long("weightBytes").Should().Be(bytes.Long("fixed") + 3 * bytes.Long("perLayer"));

        // 12 tokens of KV lie in one block of 16.
        half.Long("kvBytes").Should().Be(16 * 3 * bytes.Long("kvPerTokenPerLayer"));
    }

    [Fact]
    public async Task Keys_and_values_in_bf16_take_half_the_bytes()
    {
        string[] args = ["generate", TestData.TinyS, "--ids", Once, "--max-tokens", "8"];
        var whole = await CliRunner.JsonAsync(args);
        var half = await CliRunner.JsonAsync([.. args, "--kv-precision", "bf16"]);
        half.Long("kvBytes").Should().Be(whole.Long("kvBytes") / 2).And.BePositive();
    }

    [Fact]
    public async Task Tokens_leave_where_the_policy_says()
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "40", "--exit-policy", "confidence:0.8");
        found.Ints("exitDepths").Distinct().Should().HaveCountGreaterThan(1).And.BeSubsetOf([2, 3, 4, 5, 6]);
        found.Int("loadedLayers").Should().Be(6);
    }

    [Fact]
    public async Task Sampling_follows_its_seed()
    {
        string[] args = ["generate", TestData.TinyS, "--prompt", "The king", "--max-tokens", "24", "--temperature", "1", "--top-p", "0.95", "--top-k", "100", "--seed"];
        var one = await CliRunner.JsonAsync([.. args, "7"]);
        var same = await CliRunner.JsonAsync([.. args, "7", "--threads", "1"]);
        var other = await CliRunner.JsonAsync([.. args, "8"]);
        same.Ints("ids").Should().Equal(one.Ints("ids"));
        other.Ints("ids").Should().NotEqual(one.Ints("ids"));
    }

    [Fact]
    public async Task Penalties_bias_and_min_p_reach_the_sampler()
    {
        string[] args = ["generate", TestData.TinyS, "--ids", Once, "--max-tokens", "24"];
        var plain = (await CliRunner.JsonAsync(args)).Ints("ids");
        (await CliRunner.JsonAsync([.. args, "--logit-bias", "44=-inf", "--logit-bias", "46=-2.5"])).Ints("ids").Should().NotContain(44).And.StartWith([448]);
        foreach (var (option, value) in new[] { ("--repetition-penalty", "1.8"), ("--presence-penalty", "2"), ("--frequency-penalty", "2") })
        {
            var penalised = (await CliRunner.JsonAsync([.. args, option, value])).Ints("ids");
            penalised.Distinct().Count().Should().BeGreaterThan(plain.Distinct().Count(), option);
        }

        (await CliRunner.JsonAsync([.. args, "--presence-penalty", "-2"])).Ints("ids").Should().NotEqual(plain);
        (await CliRunner.JsonAsync([.. args, "--temperature", "2", "--min-p", "1"])).Ints("ids").Should().Equal(plain, "only the likeliest is kept");
    }

    [Fact]
    public async Task Log_probabilities_are_printed_when_asked_for()
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "5", "--logprobs", "3");
        found.Fields().Should().EndWith("logprobs");
        var logprobs = found.GetProperty("logprobs").EnumerateArray().ToList();
        logprobs.Should().HaveCount(5);
        foreach (var (known, id) in logprobs.Zip(found.Ints("ids")))
        {
            known.Fields().Should().Equal("logprob", "top");
            var top = known.GetProperty("top").EnumerateArray().ToList();
            top.Should().HaveCount(3);
            top[0].Fields().Should().Equal("id", "logprob");
            top[0].Int("id").Should().Be(id);
            top[0].Double("logprob").Should().Be(known.Double("logprob")).And.BeNegative();
        }
    }

    [Fact]
    public async Task Ends_with_a_stop_id()
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "24", "--stop-id", "4000", "--stop-id", "607");
        found.Text("finishReason").Should().Be("stop");
        found.Ints("ids").Should().Equal(44, 448, 314, 258, 607);
        found.Text("text").Should().Be(", there was a");
    }

    [Theory]
    [InlineData("--logit-bias", "5", "'5' is not a token bias")]
    [InlineData("--logit-bias", "5=1e9", "from -100 to 100")]
    [InlineData("--logit-bias", "=1", "'=1' is not a token bias")]
    [InlineData("--logit-bias", "5=nan", "'5=nan' is not a token bias")]
    [InlineData("--logit-bias", "5000=1", "--logit-bias is given for token 5000")]
    [InlineData("--stop-id", "5000", "--stop-id is given for token 5000")]
    [InlineData("--min-p", "1.5", "--min-p is 1.5")]
    [InlineData("--repetition-penalty", "0", "--repetition-penalty is 0; expected a number from 0.1 to 10")]
    [InlineData("--presence-penalty", "-3", "--presence-penalty is -3")]
    [InlineData("--frequency-penalty", "nan", "--frequency-penalty is 'nan'; expected a number")]
    [InlineData("--logprobs", "21", "--logprobs is 21; expected a number from 0 to 20")]
    public async Task A_bad_option_is_bad_usage(string option, string value, string named)
    {
        var result = await CliRunner.RunAsync("generate", TestData.TinyS, "--ids", Once, option, value);
        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain(named);
    }

    [Fact]
    public async Task Ends_before_a_stop_string()
    {
        var found = await CliRunner.JsonAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "24", "--stop", "zebra", "--stop", " Lily");
        found.Text("finishReason").Should().Be("stop");
        found.Text("text").Should().Be(", there was a little girl named");
    }

    [Fact]
    public async Task Goes_on_past_the_end_of_sequence_when_told()
    {
        string[] args = ["generate", TestData.TinyS, "--prompt", "Question: What is 1 + 1?\nAnswer:", "--max-tokens", "200"];
        var stopped = await CliRunner.JsonAsync(args);
        var ignoring = await CliRunner.JsonAsync([.. args, "--ignore-eos"]);
        stopped.Text("finishReason").Should().Be("stop");
        stopped.Ints("ids")[^1].Should().Be(4093);
        ignoring.Text("finishReason").Should().Be("length");
        ignoring.Ints("ids").Should().HaveCount(200).And.StartWith(stopped.Ints("ids"));
    }

    [Fact]
    public async Task People_get_the_text_alone_on_standard_output()
    {
        var result = await CliRunner.RunAsync("generate", TestData.TinyS, "--ids", Once, "--max-tokens", "9");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Be(", there was a little girl named Lily." + Environment.NewLine);
        result.Error.Should().Contain("9 tokens (length), 6 layers");
    }

    [Fact]
    public async Task A_cancelled_answer_is_shown_as_far_as_it_came()
    {
        using var cancellation = new CancellationTokenSource();
        using var stdout = new CancelOnText(cancellation);
        using var stderr = new StringWriter();
        var code = await CliApp.RunAsync(["generate", TestData.TinyM, "--ids", Once, "--max-tokens", "240", "--ignore-eos"], stdout, stderr, cancellation.Token);
        code.Should().Be(ExitCode.Failed);
        stdout.ToString().Should().StartWith(",", "the answer begins \", there was\", and how much of it came is a matter of time");
        stderr.ToString().Should().Contain("(cancelled)").And.EndWith("helios: Cancelled." + Environment.NewLine);
    }

    [Fact]
    public async Task A_command_cancelled_before_it_began_has_an_empty_answer()
    {
        var result = await CliRunner.RunAsync(new CancellationToken(canceled: true), "generate", TestData.TinyS, "--prompt", "a", "--json");
        result.Code.Should().Be(ExitCode.Failed);
        result.Lines().Single().Text("finishReason").Should().Be("cancelled");
        result.Error.Should().Be("helios: Cancelled." + Environment.NewLine);
    }

    /// <summary>tiny-s with a <c>generation_config.json</c>.</summary>
    internal static TempFolder WithGenerationConfig(string json)
    {
        var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(TestData.TinyS)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        folder.Write("generation_config.json", json);
        return folder;
    }

    /// <summary>Cancels as soon as something is written.</summary>
    private sealed class CancelOnText(CancellationTokenSource cancellation) : StringWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(string? value)
        {
            base.Write(value);
            if (!string.IsNullOrEmpty(value)) cancellation.Cancel();
        }
    }
}
