using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Serving.Decoding;

public class CounterRandomTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Draws_of_a_seed_are_uniform_in_the_unit_interval(long seed)
    {
        const int Draws = 20_000, Bins = 20;
        var counts = new int[Bins];
        for (var position = 0; position < Draws; position++)
        {
            var drawn = CounterRandom.Uniform(seed, position);
            drawn.Should().BeGreaterThanOrEqualTo(0).And.BeLessThan(1);
            counts[(int)(drawn * Bins)]++;
        }

        // 19 degrees of freedom: 43.8 is passed once in a thousand; the draws are fixed, so the outcome is too.
        var chiSquare = counts.Sum(count => Math.Pow(count - Draws / Bins, 2) / (Draws / Bins));
        chiSquare.Should().BeLessThan(43.8);
    }

    [Fact]
    public void Neighbouring_seeds_and_positions_have_nothing_to_do_with_each_other()
    {
        var draws = Enumerable.Range(0, 100).SelectMany(seed => Enumerable.Range(0, 100).Select(position => CounterRandom.Uniform(seed, position))).ToList();
        draws.Distinct().Should().HaveCount(draws.Count);

        var pairs = Enumerable.Range(0, 5000).Select(i => (X: CounterRandom.Uniform(i, 7) - 0.5, Y: CounterRandom.Uniform(i + 1, 7) - 0.5)).ToList();
        var correlation = pairs.Sum(pair => pair.X * pair.Y) / pairs.Sum(pair => pair.X * pair.X);
        Math.Abs(correlation).Should().BeLessThan(0.05);
    }

    [Fact]
    public void A_draw_is_a_function_of_seed_and_position()
    {
        CounterRandom.Uniform(42, 3).Should().Be(CounterRandom.Uniform(42, 3));
        CounterRandom.Uniform(42, 3).Should().NotBe(CounterRandom.Uniform(42, 4));
        CounterRandom.Uniform(42, 3).Should().NotBe(CounterRandom.Uniform(43, 3));
    }
}
