using Helios.Sdk.Serving;

namespace Helios.Sdk.Tests.Serving;

public class DeviceWorkTests
{
    [Fact]
    public void Background_work_waits_for_its_share_unless_it_is_owed()
    {
        var clock = new ManualClock();
        var work = new DeviceWork(backgroundShare: 0.05, clock);
        work.CountServing(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 3; i++)
        {
            _ = work.RunInBackgroundAsync(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return true;
            });
        }

        work.TryRunBackground(idle: false).Should().BeTrue("nothing of the share is spent");
        work.TryRunBackground(idle: false).Should().BeFalse();
        work.IsOwed = true;
        work.TryRunBackground(idle: false).Should().BeTrue();
        work.IsOwed = false;
        work.TryRunBackground(idle: true).Should().BeTrue("an idle device gives its time away");
        work.Share.Should().BeApproximately(2.0 / 3, 1e-9);
    }
    [Fact]
    public void What_is_done_elsewhere_for_an_item_counts_with_it()
    {
        var clock = new ManualClock();
        var work = new DeviceWork(backgroundShare: 0.5, clock);
        work.CountServing(TimeSpan.FromSeconds(3));
        foreach (var idle in (bool[])[true, false])
        {
            _ = work.RunInBackgroundAsync(() =>
            {
                work.CountElsewhere(machineSeconds: 0.5);
                clock.Advance(TimeSpan.FromSeconds(0.5));
                return true;
            });
            work.TryRunBackground(idle).Should().BeTrue();
        }

        work.Share.Should().BeApproximately(1.0 / 4, 1e-9, "the item of an idle device is free, and so is what was done for it");
    }
}
