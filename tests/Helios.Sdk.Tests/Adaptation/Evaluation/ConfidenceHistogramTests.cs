using Helios.Sdk.Adaptation.Evaluation;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

public class ConfidenceHistogramTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.0004, 0)]
    [InlineData(0.29f, 290)]
    [InlineData(0.7f, 700)]
    [InlineData(0.7, 700)]
    [InlineData(0.9999, 999)]
    [InlineData(1, 1000)]
    [InlineData(double.NaN, ConfidenceHistogram.NoLevel)]
    public void A_level_is_a_thousandth(double confidence, int level) => ConfidenceHistogram.LevelOf(confidence).Should().Be(level);

    [Fact]
    public void A_float_has_the_level_of_its_thousandth()
    {
        for (var level = 0; level <= ConfidenceHistogram.Levels; level++)
            ConfidenceHistogram.LevelOf((float)(level / 1000.0)).Should().Be(level);
    }

    [Fact]
    public void Tokens_under_any_target_can_be_counted()
    {
        var random = new Random(5);
        int[] levels = [.. Enumerable.Range(0, 200).Select(_ => random.Next(-1, ConfidenceHistogram.Levels + 1)), 0, 1000, ConfidenceHistogram.NoLevel];

        var histogram = ConfidenceHistogram.Of(levels);

        for (var target = 0; target <= ConfidenceHistogram.Levels; target++)
            histogram.AtLeast(target).Should().Be(levels.Count(level => level >= target));
        ConfidenceHistogram.Of([]).AtLeast(0).Should().Be(0);
    }

    [Fact]
    public void Surer_is_who_is_so_at_every_level()
    {
        var (low, high, mixed) = (ConfidenceHistogram.Of([100, 500]), ConfidenceHistogram.Of([300, 500]), ConfidenceHistogram.Of([50, 900]));

        high.IsAsSureAs(low).Should().BeTrue();
        high.IsAsSureAs(high).Should().BeTrue();
        low.IsAsSureAs(high).Should().BeFalse();
        mixed.IsAsSureAs(low).Should().BeFalse();
        low.IsAsSureAs(mixed).Should().BeFalse();
    }
}
