using Helios.Cli.Files;
using Helios.Cli.Running;

namespace Helios.Cli.Tests.Running;

public sealed class ArrivalsTests
{
    [Fact]
    public void Without_arrivals_and_rate_each_request_waits_for_another() =>
        Arrivals.Of(Prompts(null, null), first: 0, rate: null, seed: 1).Should().BeNull();

    [Fact]
    public void Without_a_rate_they_are_as_given() =>
        Milliseconds(Arrivals.Of(Prompts(5, 10, 40), first: 0, rate: null, seed: 1)).Should().Equal(5, 10, 40);

    [Fact]
    public void Behind_a_warm_up_time_begins_with_its_last() =>
        Milliseconds(Arrivals.Of(Prompts(5, 10, 40), first: 1, rate: null, seed: 1)).Should().Equal(5, 35);

    [Theory]
    [InlineData(0, new double[] { 0, 500, 1500 })]
    [InlineData(1, new double[] { 0, 500 })]
    [InlineData(2, new double[] { 0 })]
    public void A_rate_is_the_mean_and_gaps_keep_their_proportions(int first, double[] expected)
    {
        var rate = (expected.Length - 1) * 1000 / Math.Max(1, expected[^1]);
        Milliseconds(Arrivals.Of(Prompts(100, 110, 130), first, Math.Max(rate, 1), seed: 1)).Should().Equal(expected);
    }

    [Fact]
    public void Arrivals_at_one_moment_have_no_rate()
    {
        var scale = () => Arrivals.Of(Prompts(7, 7), first: 0, rate: 1, seed: 1);
        scale.Should().Throw<FileException>().WithMessage("*7 ms*--rate*");
    }

    [Fact]
    public void Random_arrivals_have_the_rate_and_follow_the_seed()
    {
        var prompts = Prompts([.. Enumerable.Repeat<double?>(null, 10_000)]);
        var arrivals = Milliseconds(Arrivals.Of(prompts, first: 0, rate: 100, seed: 1));

        arrivals.Should().BeInAscendingOrder().And.Equal(Milliseconds(Arrivals.Of(prompts, first: 0, rate: 100, seed: 1)));
        (arrivals.Length * 1000 / arrivals[^1]).Should().BeInRange(95, 105);
    }

    private static PromptLine[] Prompts(params double?[] atMs) => [.. atMs.Select(at => new PromptLine("a", 1, null, at))];

    private static double[] Milliseconds(IEnumerable<TimeSpan>? arrivals) => [.. arrivals!.Select(arrival => arrival.TotalMilliseconds)];
}
