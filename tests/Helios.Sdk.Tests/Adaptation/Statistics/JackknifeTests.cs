using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Statistics;

public class JackknifeTests
{
    [Fact]
    public void The_interval_of_a_mean_is_the_one_of_the_textbook()
    {
        // 1, 2, 3, 4: mean 2.5, standard error 0.6455, t(3) = 3.1824.
        double[] values = [1, 2, 3, 4];

        var interval = Jackknife.Around(2.5, [.. values.Select(value => (10 - value) / 3)])!.Value;

        interval.Low.Should().BeApproximately(2.5 - 3.1824 * Math.Sqrt(5.0 / 12), 1e-9);
        interval.High.Should().BeApproximately(2.5 + 3.1824 * Math.Sqrt(5.0 / 12), 1e-9);
    }

    [Fact]
    public void One_request_has_no_interval()
    {
        Jackknife.Around(1, [1]).Should().BeNull();
        Jackknife.Share([new Counted(1, 2)]).Should().BeNull();
    }

    [Fact]
    public void Perfect_agreement_in_a_few_requests_is_no_certainty()
    {
        var few = Jackknife.Share([.. Enumerable.Repeat(new Counted(50, 50), 5)])!.Value;
        var many = Jackknife.Share([.. Enumerable.Repeat(new Counted(50, 50), 500)])!.Value;

        few.High.Should().BeApproximately(1, 1e-12);
        few.Low.Should().BeLessThan(0.7);
        many.Low.Should().BeGreaterThan(0.99);
    }

    [Fact]
    public void One_long_request_among_short_ones_counts_as_little_more_than_one()
    {
        var alike = Jackknife.Share([.. Enumerable.Repeat(new Counted(50, 50), 15)])!.Value;
        var uneven = Jackknife.Share([new Counted(10_000, 10_000), .. Enumerable.Repeat(new Counted(50, 50), 14)])!.Value;

        alike.Low.Should().BeGreaterThan(0.75);
        uneven.Low.Should().BeLessThan(0.25);
    }

    [Fact]
    public void Requests_right_or_wrong_as_a_whole_in_lengths_of_a_very_heavy_tail_are_covered_nearly_as_promised()
    {
        const int Trials = 400;
        var population = new SyntheticRequests(seed: 9) { Rate = 0.3, Concentration = 1, LengthSpread = 2, LongestRequest = 4000 };
        var covered = Enumerable.Range(0, Trials).Count(_ => Jackknife.Share(population.Draw(50))!.Value.Contains(0.3));

        // As if every request had the same weight, it is 71 %.
        covered.Should().BeGreaterThan((int)(Trials * 0.85));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(50)]
    public void Clustered_tokens_in_lengths_of_a_heavy_tail_are_covered_as_promised(int requests)
    {
        const int Trials = 400;
        var population = new SyntheticRequests(seed: 3) { Rate = 0.1, Concentration = 20, LongestRequest = 400 };
        var covered = Enumerable.Range(0, Trials).Count(_ => Jackknife.Share(population.Draw(requests))!.Value.Contains(0.1));

        // 95 % promised; 1 % is the price of lengths and rates this uneven, the rest four standard deviations of the trial.
        covered.Should().BeInRange((int)(Trials * 0.895), Trials);
    }
}
