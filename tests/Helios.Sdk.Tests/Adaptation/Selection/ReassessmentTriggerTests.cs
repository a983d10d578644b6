using Helios.Sdk.Adaptation.Selection;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class ReassessmentTriggerTests
{
    [Fact]
    public void It_is_due_after_so_many_requests()
    {
        var trigger = new ReassessmentTrigger(every: 3, minimumResidence: 0);

        Finish(trigger, 4).Should().Equal(false, false, true, true);
        trigger.Reassessed();
        Finish(trigger, 3).Should().Equal(false, false, true);
    }

    [Fact]
    public void A_new_point_serves_a_while_first()
    {
        var trigger = new ReassessmentTrigger(every: 3, minimumResidence: 2);
        Finish(trigger, 2);
        trigger.Published();

        Finish(trigger, 2).Should().Equal(false, true);
    }

    [Fact]
    public void An_interval_can_be_stretched()
    {
        var trigger = new ReassessmentTrigger(every: 2, minimumResidence: 0);
        trigger.Reassessed(stretch: 1.5);

        Finish(trigger, 3).Should().Equal(false, false, true);
    }

    private static List<bool> Finish(ReassessmentTrigger trigger, int requests) =>
        [.. Enumerable.Range(0, requests).Select(_ => trigger.RequestFinished())];
}
