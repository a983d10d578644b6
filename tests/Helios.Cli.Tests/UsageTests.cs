using System.CommandLine;
using Helios.Cli.Options;

namespace Helios.Cli.Tests;

/// <summary>Exit codes and the one line on standard error.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("", "--help lists the commands")]
    [InlineData("frobnicate")]
    [InlineData("inspect")]
    [InlineData("inspect MODEL --threads 0", "--threads is 0; expected 1 to 1024")]
    [InlineData("inspect MODEL --threads x", "--threads is 'x'; expected a whole number.")]
    [InlineData("generate MODEL --prompt a --seed x", "--seed is 'x'; expected a whole number.")]
    [InlineData("generate MODEL --prompt a --temperature x", "--temperature is 'x'; expected a number.")]
    [InlineData("generate MODEL --prompt a --temperature 0,7", "--temperature is '0,7'; expected a number, with a point and no comma.")]
    [InlineData("generate MODEL --prompt a --min-p 0,1", "--min-p is '0,1'")]
    [InlineData("generate MODEL --prompt a --repetition-penalty 1,0", "--repetition-penalty is '1,0'")]
    [InlineData("generate MODEL --prompt a --temperature NaN", "--temperature is 'NaN'")]
    [InlineData("generate MODEL --prompt a --max-tokens 1,000", "--max-tokens is '1,000'; expected a whole number, without commas.")]
    [InlineData("generate MODEL --prompt a --stop-id 1,2", "--stop-id is '1,2'")]
    [InlineData("run --pool p --prompts q --rate 1,5", "--rate is '1,5'")]
    [InlineData("generate MODEL --prompt a --logprobs 2", "--logprobs needs --json")]
    [InlineData("inspect MODEL --device tpu", "cpu or cuda[:n]")]
    [InlineData("inspect MODEL --device cuda:one", "cpu or cuda[:n]")]
    [InlineData("inspect MODEL --backend cup", "Did you mean 'cpu'?")]
    [InlineData("inspect MODEL --backend cpu --device cuda", "--backend cpu does not run on --device cuda")]
    [InlineData("inspect MODEL --precision fp64", "auto, fp32, bf16")]
    [InlineData("inspect MODEL --kv-precision int8", "--kv-precision is 'int8'; expected fp32, bf16.")]
    [InlineData("tokenize MODEL", "--text, --file, --lines, --decode")]
    [InlineData("tokenize MODEL --text a --decode 1", "exactly one")]
    [InlineData("tokenize MODEL --decode 1,x", "token ids")]
    [InlineData("tokenize MODEL --decode 4096", "from 0 to 4095")]
    [InlineData("score MODEL", "--ids, --text")]
    [InlineData("score MODEL --ids -1", "token ids")]
    [InlineData("score MODEL --ids 4096", "--ids[0] is 4096")]
    [InlineData("generate MODEL --max-tokens 5", "--prompt, --ids")]
    [InlineData("generate MODEL --prompt a --ids 1", "exactly one")]
    [InlineData("generate MODEL --prompt a --max-tokens 0", "--max-tokens is 0")]
    [InlineData("generate MODEL --prompt a --max-tokens 5000", "context")]
    [InlineData("generate MODEL --prompt a --depth 0", "--depth is 0")]
    [InlineData("generate MODEL --prompt a --depth 7", "has 6 layers")]
    [InlineData("generate MODEL --prompt a --temperature -1", "--temperature is -1")]
    [InlineData("generate MODEL --prompt a --top-p 0", "--top-p is 0")]
    [InlineData("generate MODEL --prompt a --top-k -1", "--top-k is -1")]
    [InlineData("inspect MODEL --jsno", "Did you mean '--json'?")]
    [InlineData("generate MODEL --prompt a --max-token 3", "Did you mean '--max-tokens'?")]
    [InlineData("generate MODEL --prompt a --exit-policy sure:1", "--exit-policy is 'sure:1'; expected a known policy. Known are: none, confidence:")]
    [InlineData("run --pool p --prompts q --baseline half", "static-ee")]
    [InlineData("run --pool p --prompts q --check some", "sample")]
    [InlineData("run --pool p --prompts q --rate 0", "--rate is 0")]
    [InlineData("run --pool p --prompts q --concurrency 0", "--concurrency is 0")]
    [InlineData("run --pool p --prompts q --warm-up -1", "--warm-up is -1")]
    [InlineData("run --pool p --prompts q --max-queue 0", "--max-queue is 0")]
    [InlineData("run --pool p --prompts q --max-quality-gap -1", "--max-quality-gap is -1; expected at least 0 bits per byte")]
    [InlineData("run --pool p --prompts q --min-agreement 2", "--min-agreement is 2")]
    [InlineData("run --pool p --prompts q --baseline full --exit-policy top1:0.9", "has no exits")]
    [InlineData("run --pool p", "--prompts")]
    [InlineData("bench", "helios: ")]
    [InlineData("bench decode", "exactly one of MODEL, --shape")]
    [InlineData("bench decode MODEL --shape llama:layers=1,hidden=8,heads=1,kv=1,ffn=8,vocab=8", "exactly one of MODEL, --shape")]
    [InlineData("bench decode --shape llama:layers=1", "--shape: shape 'llama:layers=1' has no hidden")]
    [InlineData("bench decode MODEL --batch 1,x", "--batch is '1,x'")]
    [InlineData("bench decode MODEL --batch 0", "--batch is '0'")]
    [InlineData("bench decode MODEL --batch 2,2", "--batch is '2,2'")]
    [InlineData("bench decode MODEL --depth 3,7", "--depth is 7; 'tiny-s' has 6 layers")]
    [InlineData("bench decode MODEL --prefill 257", "--prefill takes 257 tokens")]
    [InlineData("bench decode MODEL --context 256", "--context takes 257 tokens")]
    [InlineData("bench decode MODEL --context -1", "--context is -1")]
    [InlineData("bench decode MODEL --steps 0", "--steps is 0")]
    [InlineData("bench decode MODEL --seconds 0", "--seconds is 0")]
    [InlineData("bench decode MODEL --contend 0", "--contend is 0")]
    [InlineData("bench capacity MODEL", "--budget")]
    [InlineData("bench capacity --budget 1MiB", "exactly one of MODEL, --shape")]
    [InlineData("bench capacity MODEL --budget 2lots", "--budget is '2lots'")]
    [InlineData("bench capacity MODEL --budget 1GiB --context 0", "--context is 0")]
    [InlineData("bench capacity MODEL --budget 1GiB --context 257", "--context takes 257 tokens")]
    [InlineData("bench capacity MODEL --budget 1GiB --depth 7", "--depth is 7")]
    [InlineData("generate MODEL --prompt a --lossless 6", "--lossless is 6; expected an exit of 'tiny-s' below its full depth: 2, 3, 4, 5")]
    [InlineData("generate MODEL --prompt a --lossless 0", "--lossless is 0")]
    [InlineData("generate MODEL --prompt a --lossless 3 --depth 5", "--lossless is 3 while --depth is 5; expected the full depth of 'tiny-s', 6 layers")]
    [InlineData("generate MODEL --prompt a --lossless 3 --exit-policy patience:2", "--lossless is 3 while --exit-policy is 'patience:2'; expected the exit policy none")]
    public async Task Bad_usage_exits_2_with_a_line_that_says_why(string args, string expected = "helios: ")
    {
        var result = await CliRunner.RunAsync(Split(args));
        result.Code.Should().Be(ExitCode.BadUsage);
        ShouldBeOneLine(result, expected);
        result.Error.Should().NotContain("(Parameter");
    }

    [Fact]
    public void Every_number_of_the_command_line_has_a_point_and_no_comma()
    {
        using var _ = Cultures.Use(Cultures.German);
        var root = CliApp.CreateRoot(new GlobalOptions());
        Numbers.ReadStrictly(root);
        var options = NumericOptions(root).ToList();
        options.Should().HaveCountGreaterThan(30);
        foreach (var option in options)
        {
            var parsed = new RootCommand { option }.Parse([option.Name, "1,5"]);
            parsed.Errors.Should().ContainSingle().Which.Message.Should().StartWith($"{option.Name} is '1,5'; expected");
        }
    }

    [Theory]
    [InlineData(Cultures.German)]
    [InlineData(Cultures.Swedish)]
    public async Task Results_are_alike_in_every_culture(string culture)
    {
        var expected = await CliRunner.RunAsync(Split("inspect MODEL"));
        var answer = await CliRunner.JsonAsync(Split("generate MODEL --ids 1,2 --max-tokens 4 --temperature 0.7 --presence-penalty -0.5 --seed -3 --exit-policy top1:0.5"));
        using var _ = Cultures.Use(culture);
        (await CliRunner.RunAsync(Split("inspect MODEL"))).Should().Be(expected);
        var again = await CliRunner.JsonAsync(Split("generate MODEL --ids 1,2 --max-tokens 4 --temperature 0.7 --presence-penalty -0.5 --seed -3 --exit-policy top1:0.5"));
        again.Ints("ids").Should().Equal(answer.Ints("ids"));
    }

    [Theory]
    [InlineData("--device cuda", "--device is 'cuda'")]
    [InlineData("--device CUDA:1", "--device is 'CUDA:1'")]
    [InlineData("--backend torchsharp", "--backend is 'torchsharp'")]
    [InlineData("--backend torchsharp --device cpu", "--backend is 'torchsharp'")]
    public async Task TorchSharp_is_to_be_had_unless_the_tool_was_built_without_it(string args, string expected)
    {
        var result = await CliRunner.RunAsync(Split($"inspect nowhere {args}"));
        var isBuiltIn = BuiltInBackends.Find(BuiltInBackends.TorchSharp) is not null;
        result.Code.Should().Be(isBuiltIn ? ExitCode.Failed : ExitCode.BadUsage);
        ShouldBeOneLine(result, isBuiltIn ? "nowhere" : expected);
        if (!isBuiltIn) result.Error.Should().Contain("HeliosTorchSharp=false");
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_no_bad_usage()
    {
        var result = await CliRunner.RunAsync(Split("score MODEL --ids 1,2 --device cuda:63"));
        result.Code.Should().Be(BuiltInBackends.Find(BuiltInBackends.TorchSharp) is null ? ExitCode.BadUsage : ExitCode.Failed);
        ShouldBeOneLine(result, "cuda:63");
    }

    [Theory]
    [InlineData("inspect nowhere", "nowhere")]
    [InlineData("tokenize nowhere --text a", "nowhere")]
    [InlineData("tokenize MODEL --file nowhere.txt", "nowhere.txt")]
    [InlineData("score nowhere --ids 1", "nowhere")]
    [InlineData("generate nowhere --prompt a", "nowhere")]
    [InlineData("run --pool nowhere.json --prompts q", "nowhere.json")]
    [InlineData("bench decode nowhere", "nowhere")]
    public async Task A_failure_exits_1_with_a_line_that_says_why(string args, string expected)
    {
        var result = await CliRunner.RunAsync([.. Split(args), "--json"]);
        result.Code.Should().Be(ExitCode.Failed);
        ShouldBeOneLine(result, expected);
    }

    [Fact]
    public async Task Verbose_adds_the_stack_trace()
    {
        var result = await CliRunner.RunAsync("inspect", "nowhere", "--verbose");
        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("   at ");
    }

    [Fact]
    public async Task A_damaged_model_fails_with_a_line_that_names_the_file()
    {
        using var folder = new TempFolder();
        File.Copy(Path.Combine(TestData.Stories, "config.json"), Path.Combine(folder.Path, "config.json"));
        folder.Write("model.safetensors", "damaged");
        var result = await CliRunner.RunAsync("generate", folder.Path, "--prompt", "a");
        result.Code.Should().Be(ExitCode.Failed);
        ShouldBeOneLine(result, "model.safetensors");
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("tokenize")]
    [InlineData("score")]
    public async Task A_model_without_its_tokenizer_fails_on_text(string command)
    {
        using var folder = new TempFolder();
        foreach (var file in new[] { "config.json", "model.safetensors" }) File.Copy(Path.Combine(TestData.Stories, file), Path.Combine(folder.Path, file));
        var result = await CliRunner.RunAsync(command, folder.Path, command == "generate" ? "--prompt" : "--text", "Once");
        result.Code.Should().Be(ExitCode.Failed);
        ShouldBeOneLine(result, "tokenizer.json");
    }

    [Fact]
    public async Task Help_is_no_failure()
    {
        var result = await CliRunner.RunAsync("run", "--help");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("--max-quality-gap");
    }

    private static IEnumerable<Option> NumericOptions(Command command)
    {
        Type[] numbers = [typeof(int), typeof(long), typeof(float), typeof(double)];
        return command.Options
            .Where(option => numbers.Contains(option.ValueType.GetElementType() ?? Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType))
            .Concat(command.Subcommands.SelectMany(NumericOptions));
    }

    private static void ShouldBeOneLine(CliResult result, string expected)
    {
        result.Out.Should().BeEmpty();
        result.Error.Should().StartWith("helios: ").And.Contain(expected);
        result.Error.TrimEnd().Should().NotContain("\n");
    }

    private static string[] Split(string args) =>
        [.. args.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(arg => arg == "MODEL" ? TestData.TinyS : arg)];
}
