using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Statistics;

public class ClusteringTests
{
    [Theory]
    [InlineData(1e6, 0)]
    [InlineData(20, 1.0 / 21)]
    [InlineData(4, 0.2)]
    public void It_finds_the_correlation_that_requests_were_drawn_with(double concentration, double expected)
    {
        var requests = new SyntheticRequests(seed: 3) { Rate = 0.3, Concentration = concentration }.Draw(3000);

        Clustering.Of(requests).Should().BeApproximately(expected, 0.015);
    }

    [Fact]
    public void A_few_requests_hardly_move_what_is_taken_for_granted() =>
        Clustering.Of([new Counted(10, 40), new Counted(14, 40)]).Should().BeInRange(Clustering.Usual, 0.15);

    [Fact]
    public void Requests_without_any_scatter_leave_what_is_taken_for_granted()
    {
        Clustering.Of([new Counted(0, 40), new Counted(0, 30)]).Should().Be(Clustering.Usual);
        Clustering.Of([new Counted(4, 40)]).Should().Be(Clustering.Usual);
        Clustering.Of([]).Should().Be(Clustering.Usual);
    }
}
