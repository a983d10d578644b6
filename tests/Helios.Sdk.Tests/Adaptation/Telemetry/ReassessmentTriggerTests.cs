using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

public class ReassessmentTriggerTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void It_is_due_after_a_while_with_the_next_request()
    {
        var trigger = new ReassessmentTrigger(every: 1000, minimumResidence: 0, TimeSpan.FromMinutes(10), clock);
        clock.Advance(TimeSpan.FromMinutes(9));
        Finish(trigger, 1).Should().Equal(false);
        clock.Advance(TimeSpan.FromMinutes(1));
        Finish(trigger, 1).Should().Equal(true);

        trigger.Reassessed();
        Finish(trigger, 1).Should().Equal(false);
    }

    [Fact]
    public void It_is_due_after_so_many_requests()
    {
        var trigger = new ReassessmentTrigger(every: 3, minimumResidence: 0, everyTime: null, clock);

        Finish(trigger, 4).Should().Equal(false, false, true, true);
        trigger.Reassessed();
        Finish(trigger, 3).Should().Equal(false, false, true);
    }

    [Fact]
    public void A_new_point_serves_a_while_first()
    {
        var trigger = new ReassessmentTrigger(every: 3, minimumResidence: 2, everyTime: null, clock);
        Finish(trigger, 2);
        trigger.Published();

        Finish(trigger, 2).Should().Equal(false, true);
    }

    [Fact]
    public void An_interval_can_be_stretched()
    {
        var trigger = new ReassessmentTrigger(every: 2, minimumResidence: 0, everyTime: null, clock);
        trigger.Reassessed(stretch: 1.5);

        Finish(trigger, 3).Should().Equal(false, false, true);
    }

    private static List<bool> Finish(ReassessmentTrigger trigger, int requests) =>
        [.. Enumerable.Range(0, requests).Select(_ => trigger.RequestFinished())];
}
