
namespace Helios.ModelBench.Tests;

/// <summary>Exit codes and the one line on standard error.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("soak", "helios: ")]
    [InlineData("soak MODEL --minutes 0", "--minutes is 0; expected above 0 and at most a day")]
    [InlineData("soak MODEL --clients 0", "--clients is 0")]
    [InlineData("soak MODEL --check 0", "--check is 0")]
    [InlineData("soak MODEL MODEL", "Models[1].Name is 'tiny-s' while Models[0].Name is 'tiny-s'; expected names that differ")]
    [InlineData("lossless MODEL", "--draft")]
    [InlineData("lossless MODEL --draft 7", "--draft is 7")]
    [InlineData("lossless MODEL --draft 3 --batch 0", "--batch is '0'")]
    [InlineData("lossless MODEL --draft 3 --rounds 0", "--rounds is 0")]
    [InlineData("exits MODEL", "--file")]
    [InlineData("exits MODEL --file f --depth 7", "--depth is 7")]
    [InlineData("exits MODEL --file f --policies none sometimes", "--policies is 'sometimes'; expected a known policy. Known are: none")]
    [InlineData("quality MODEL", "--file")]
    [InlineData("quality --file f", "helios: ")]
    [InlineData("quality MODEL --file f --precision bf16,fp64", "--precision is 'bf16,fp64'")]
    [InlineData("quality MODEL --file f --precision int8,int8", "--precision is 'int8,int8'; expected different ones of auto, fp32")]
    [InlineData("quality MODEL --file f --precision auto,int8,bf16", "--precision names auto and bf16")]
    [InlineData("quality MODEL --file f --depth 7", "--depth is 7")]
    [InlineData("quality MODEL --file f --threads 0", "--threads is 0")]
    public async Task Bad_usage_exits_2_with_a_line_that_says_why(string args, string expected) => await ShouldEndAsync(args, ExitCode.BadUsage, expected);

    [Theory]
    [InlineData("quality nowhere --file f", "nowhere")]
    [InlineData("quality MODEL --file nowhere.json", "nowhere.json")]
    public async Task A_failure_exits_1_with_a_line_that_says_why(string args, string expected) => await ShouldEndAsync(args, ExitCode.Failed, expected);

    private static async Task ShouldEndAsync(string args, int code, string expected)
    {
        var result = await BenchRunner.RunAsync([.. args.Split(' ').Select(arg => arg == "MODEL" ? TestData.TinyS : arg)]);
        result.Code.Should().Be(code);
        result.Out.Should().BeEmpty();
        result.Error.Should().StartWith("helios: ").And.Contain(expected).And.NotContain("(Parameter");
        result.Error.TrimEnd().Should().NotContain("\n");
    }
}
