using Helios.Cli.Benching;

namespace Helios.Cli.Tests.Benching;

public sealed class SamplesTests
{
    [Fact]
    public void Ranks_are_those_of_the_sorted_values()
    {
        var samples = new Samples();
        foreach (var value in (double[])[5, 1, 4, 2, 3]) samples.Add(value);
        (samples.Median, samples.At(0.9), samples.At(0.2), samples.At(0)).Should().Be((3, 5, 1, 1));
        (samples.Count, samples.Sum, samples.Mean).Should().Be((5, 15, 3));
    }

    [Fact]
    public void Of_nothing_nothing_is_known() => new Samples().Median.Should().Be(double.NaN);
}
