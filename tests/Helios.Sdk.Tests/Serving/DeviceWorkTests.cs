using Helios.Sdk.Serving;

namespace Helios.Sdk.Tests.Serving;

public class DeviceWorkTests
{
    [Fact]
    public void Background_work_waits_for_its_share_unless_it_is_owed()
    {
        var clock = new ManualClock();
        var work = new DeviceWork(backgroundShare: 0.05, clock);
        var owed = false;
        work.OwedWhen(() => owed);
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
        owed = true;
        work.TryRunBackground(idle: false).Should().BeTrue();
        owed = false;
        work.TryRunBackground(idle: true).Should().BeTrue("an idle device gives its time away");
        work.Share.Should().BeApproximately(2.0 / 3, 1e-9);
    }
}
