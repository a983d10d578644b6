using Helios.Cli.Events;
using Helios.Cli.Running;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Tests.Running;

public sealed class SummaryTests
{
    [Fact]
    public void Percentiles_are_by_nearest_rank()
    {
        Percentiles.Of(Enumerable.Range(1, 100).Reverse().Select(i => TimeSpan.FromMilliseconds(i))).Should().Be(new Percentiles(50, 95, 99));
        Percentiles.Of([TimeSpan.FromMilliseconds(7)]).Should().Be(new Percentiles(7, 7, 7));
        Percentiles.Of([]).Should().Be(new Percentiles(null, null, null));
    }

    [Fact]
    public void The_gap_is_to_the_best_whole_model()
    {
        var tally = new CheckTally();
        tally.AddToken(agrees: true);
        tally.AddToken(agrees: false);
        tally.AddServed(new JudgedText(12 * Math.Log(2), 10, 19 * Math.Log(2), 20));
        tally.AddFullDepth("small", new JudgedText(11 * Math.Log(2), 10, 18 * Math.Log(2), 20));
        tally.AddFullDepth("large", new JudgedText(10 * Math.Log(2), 10, 20 * Math.Log(2), 20));
        var result = tally.ToResult();
        result.Agreement.Should().Be(0.5);
        result.QualityGapBitsPerByte.Should().BeApproximately(0.2, 1e-12);
        result.WholeTextGapBitsPerByte.Should().BeApproximately(0.05, 1e-12);
    }

    [Theory]
    [InlineData(17, 16)]
    [InlineData(16, 19)]
    public void Quality_is_judged_by_the_prompt_unless_it_is_too_short(int promptLength, int judged)
    {
        var tokenizer = TokenizerFiles.Load(TestData.TinyS);
        int[] ids = [.. Enumerable.Repeat(tokenizer.Encode("a", addSpecialTokens: false)[0], 20)];

        var text = JudgedText.Of(tokenizer, ids, promptLength, _ => -1);

        text.Should().Be(new JudgedText(judged, judged, 19, 19));
    }

    [Fact]
    public void Nothing_served_is_nothing_known() => new CheckTally().ToResult().Should().Be(new CheckResult(null, null, null));
}
