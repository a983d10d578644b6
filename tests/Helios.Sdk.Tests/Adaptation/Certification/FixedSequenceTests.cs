using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests.Adaptation.Certification;

public class FixedSequenceTests
{
    private static readonly RiskBound Bound = new(0.02, 0.95, 100);

    [Fact]
    public void Points_are_certified_until_the_first_that_fails()
    {
        var tested = FixedSequence.Test([Point(8, 0, 400), Point(6, 0, 400), Point(4, 3, 400), Point(2, 0, 400)], Bound);

        tested.Select(point => point.RefusedBecause is null).Should().Equal(true, true, false, false);
        tested[2].RefusedBecause.Should().Contain("3 %").And.Contain("over the 2 %");
        tested[3].PValue.Should().BeNull();
        tested[3].RefusedBecause.Should().Contain("not tested");
    }

    [Fact]
    public void Too_few_requests_are_said_with_how_many_would_do()
    {
        var tested = FixedSequence.Test([Point(8, 1, 50)], Bound).Single();

        tested.Disagreement.Should().BeApproximately(0.01, 1e-12);
        tested.RefusedBecause.Should().Contain("50 requests are too few").And.MatchRegex("about [0-9]+ such requests");
    }

    [Fact]
    public void As_many_as_it_asks_for_do()
    {
        var needed = RiskTest.RequestsNeeded(Point(8, 1, 50).Requests, 0.02, 100, 0.05)!.Value;

        FixedSequence.Test([Point(8, 1, needed)], Bound).Single().RefusedBecause.Should().BeNull();
    }

    private static CountedPoint Point(int depth, int disagreeing, int requests) =>
        new(new CertificationPoint(depth), [.. Enumerable.Repeat(new Counted(disagreeing, 100), requests)]);
}
