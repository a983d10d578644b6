using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Repository;

namespace Helios.Sdk.Tests.Adaptation.Repository;

public class EvidenceAgeTests
{
    private static readonly EvidenceAge Week = new(TimeSpan.FromDays(7));

    [Fact]
    public void A_day_halves_what_lasts_a_week()
    {
        Week.Weight(Records.Noon, Records.Noon).Should().Be(1);
        Week.Weight(Records.Noon, Records.Noon.AddDays(1)).Should().BeApproximately(0.5, 1e-12);
        Week.Weight(Records.Noon, Records.Noon.AddDays(7)).Should().BeApproximately(1 / 128.0, 1e-12);
        Week.Weight(Records.Noon, Records.Noon.AddDays(7.01)).Should().Be(0);
        Week.Weight(Records.Noon, Records.Noon.AddMinutes(-1)).Should().Be(0, "nothing is known of the future");
    }

    [Fact]
    public void As_many_requests_are_kept_as_all_of_them_weigh_and_the_latest_ones()
    {
        var requests = Enumerable.Range(0, 10).Select(i => new ScoredRequest(Records.Noon.AddDays(i < 4 ? -8 : -1).AddSeconds(i), Records.Request(i))).ToList();

        Texts(Week.Keep(requests, Records.Noon)).Should().Equal(7, 8, 9);
        Texts(Week.Keep(requests, Records.Noon.AddDays(1))).Should().Equal([8, 9], "6 of two days weigh 1.5");
        Texts(Week.Keep(requests, Records.Noon.AddDays(9))).Should().BeEmpty();
    }

    private static IEnumerable<long> Texts(IEnumerable<ScoredRequest> requests) => requests.Select(request => request.Evidence.Text);
}
