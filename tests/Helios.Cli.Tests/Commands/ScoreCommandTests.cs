namespace Helios.Cli.Tests.Commands;

public sealed class ScoreCommandTests
{
    private const string Fox = "One day, a clever fox found a shiny key under the old oak tree.";

    [Theory]
    [InlineData("auto")]
    [InlineData("fp32")]
    public async Task Equals_the_published_likelihood_at_every_depth(string precision)
    {
        var scored = await CliRunner.JsonAsync("score", TestData.Stories, "--text", Fox, "--precision", precision);
        scored.Int("tokens").Should().Be(35);
        var nll = scored.GetProperty("nll");
        nll.Fields().Should().Equal("1", "2", "3", "4", "5");
        nll.Double("1").Should().BeApproximately(476.53, 0.01);
        nll.Double("2").Should().BeApproximately(228.64, 0.01);
        nll.Double("3").Should().BeApproximately(136.76, 0.01);
        nll.Double("4").Should().BeApproximately(87.40, 0.01);
        nll.Double("5").Should().BeApproximately(54.404, 0.002);
    }

    [Theory]
    [InlineData("bf16", 0.001)]
    [InlineData("int8", 0.01)]
    [InlineData("int4", 0.06)]
    public async Task Fewer_bits_are_off_by_little(string precision, double relative)
    {
        double[] expected = [476.53, 228.64, 136.76, 87.40, 54.404];
        var nll = (await CliRunner.JsonAsync("score", TestData.Stories, "--text", Fox, "--precision", precision)).GetProperty("nll");
        for (var depth = 1; depth <= 5; depth++)
            nll.Double($"{depth}").Should().BeApproximately(expected[depth - 1], relative * expected[depth - 1]);
    }

    [Fact]
    public async Task Keys_and_values_in_bf16_are_off_by_little()
    {
        var nll = (await CliRunner.JsonAsync("score", TestData.Stories, "--text", Fox, "--kv-precision", "bf16")).GetProperty("nll");
        nll.Double("5").Should().BeApproximately(54.404, 0.2).And.NotBeApproximately(54.404, 0.001);
    }

    [Fact]
    public async Task Equals_the_reference_on_ids()
    {
        // Float64 reference: tiny-s on the tokens of "Once upon a time, there" behind the start token.
        double[] expected = [12.371704, 3.061366, 2.877246, 2.775426, 2.681115, 2.790157];
        int[] top = [393, 314, 314, 314, 314, 314];
        var scored = await CliRunner.JsonAsync("score", TestData.TinyS, "--ids", "4093,743,727,258,496,44,448");
        for (var depth = 1; depth <= 6; depth++)
        {
            scored.GetProperty("nll").Double($"{depth}").Should().BeApproximately(expected[depth - 1], 0.002);
            scored.GetProperty("topId").Int($"{depth}").Should().Be(top[depth - 1]);
        }
    }

    [Fact]
    public async Task A_single_token_has_nothing_to_predict()
    {
        var scored = await CliRunner.JsonAsync("score", TestData.Stories, "--ids", "1");
        scored.Int("tokens").Should().Be(1);
        scored.GetProperty("nll").Double("5").Should().Be(0);
    }

    [Fact]
    public async Task People_get_a_table()
    {
        var result = await CliRunner.RunAsync("score", TestData.Stories, "--text", Fox, "--threads", "1");
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Should().Contain("54.404").And.Contain("depth");
    }
}
