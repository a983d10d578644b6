using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

/// <summary>Stability: what keeps a controller from going back and forth.</summary>
public class ResidenceTests
{
    private static readonly OperatingPoint A = new(new LoadTarget("a", 6));
    private static readonly OperatingPoint B = new(new LoadTarget("b", 6));
    private static readonly OperatingPoint C = new(new LoadTarget("c", 6));

    private readonly ManualClock clock = new();
    private readonly Residence residence;

    public ResidenceTests() => residence = new Residence(new AdaptationOptions { MinimumResidenceRequests = 20, MinimumResidence = TimeSpan.FromSeconds(1) }, clock);

    [Fact]
    public void A_new_point_stays_for_some_requests_and_some_time()
    {
        residence.Changed(A, B, completed: 100);
        residence.HoldBecause(119).Should().Contain("19 of at least 20 requests");
        residence.HoldBecause(120).Should().Contain("0 s");
        clock.Advance(TimeSpan.FromSeconds(1));
        residence.HoldBecause(119).Should().NotBeNull();
        residence.HoldBecause(120).Should().BeNull();
    }

    [Fact]
    public void Wavering_doubles_the_reassessments_for_which_a_point_stays()
    {
        Change(A, B);
        Reassess(1);
        Holds().Should().BeFalse("a first change is news");

        Change(B, A);
        ReassessmentsToRelease().Should().Be(2);
        Change(A, B);
        ReassessmentsToRelease().Should().Be(4);
        Change(B, A);
        ReassessmentsToRelease().Should().Be(8);
    }

    [Fact]
    public void A_return_after_a_long_stay_is_news()
    {
        Change(A, B);
        Reassess(10);
        Change(B, A);
        Holds().Should().BeFalse();
        Reassess(1);
        Change(A, C);
        Holds().Should().BeFalse("another point is no return");
    }

    [Fact]
    public void A_long_stay_halves_the_hold()
    {
        Change(A, B);
        Change(B, A);
        Change(A, B);
        ReassessmentsToRelease().Should().Be(4);
        Reassess(20);
        Change(B, C);
        ReassessmentsToRelease().Should().Be(2);
    }

    [Fact]
    public void Reassessments_that_show_nothing_new_are_farther_and_farther_apart()
    {
        residence.Stretch.Should().Be(1);
        Reassess(1);
        residence.Stretch.Should().Be(2);
        Reassess(10);
        residence.Stretch.Should().Be(16);
        residence.Unsettle();
        residence.Stretch.Should().Be(1);
        Reassess(3);
        Change(A, B);
        residence.Stretch.Should().Be(1);
    }

    private void Change(OperatingPoint from, OperatingPoint to)
    {
        residence.Changed(from, to, completed: 0);
        clock.Advance(TimeSpan.FromSeconds(1));
    }

    private void Reassess(int times)
    {
        for (var i = 0; i < times; i++) residence.Kept();
    }

    private bool Holds() => residence.HoldBecause(completed: 1000) is not null;

    private int ReassessmentsToRelease()
    {
        var reassessments = 0;
        for (; Holds(); reassessments++) Reassess(1);
        return reassessments;
    }
}
