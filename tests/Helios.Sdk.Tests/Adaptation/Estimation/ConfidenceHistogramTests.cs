using Helios.Sdk.Adaptation.Estimation;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class ConfidenceHistogramTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.004, 0)]
    [InlineData(0.29f, 58)]
    [InlineData(0.7f, 140)]
    [InlineData(0.7, 140)]
    [InlineData(0.995, 199)]
    [InlineData(0.9999, 199)]
    [InlineData(1, 200)]
    [InlineData(double.NaN, ConfidenceHistogram.NoLevel)]
    public void A_level_is_half_a_hundredth(double confidence, int level) => ConfidenceHistogram.LevelOf(confidence).Should().Be(level);

    [Fact]
    public void A_float_has_the_level_of_its_half_hundredth()
    {
        for (var level = 0; level <= ConfidenceHistogram.Levels; level++)
            ConfidenceHistogram.LevelOf((float)(level / 200.0)).Should().Be(level);
    }

    [Fact]
    public void Tokens_under_any_target_can_be_counted()
    {
        var random = new Random(5);
        int[] levels = [.. Enumerable.Range(0, 200).Select(_ => random.Next(-1, ConfidenceHistogram.Levels + 1)), 0, ConfidenceHistogram.Levels, ConfidenceHistogram.NoLevel];

        var histogram = ConfidenceHistogram.Of(levels);

        for (var target = 0; target <= ConfidenceHistogram.Levels; target++)
            histogram.AtLeast(target).Should().Be(levels.Count(level => level >= target));
        ConfidenceHistogram.Of([]).AtLeast(0).Should().Be(0);
    }

    [Fact]
    public void Surer_is_who_is_so_at_every_level()
    {
        var (low, high, mixed) = (ConfidenceHistogram.Of([20, 100]), ConfidenceHistogram.Of([60, 100]), ConfidenceHistogram.Of([10, 180]));

        high.IsAsSureAs(low).Should().BeTrue();
        high.IsAsSureAs(high).Should().BeTrue();
        low.IsAsSureAs(high).Should().BeFalse();
        mixed.IsAsSureAs(low).Should().BeFalse();
        low.IsAsSureAs(mixed).Should().BeFalse();
    }
}
