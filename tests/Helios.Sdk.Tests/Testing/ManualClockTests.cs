namespace Helios.Sdk.Tests.Testing;

public class ManualClockTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void It_stands_still_until_it_is_moved()
    {
        var start = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromMinutes(3));
        (clock.GetUtcNow() - start).Should().Be(TimeSpan.FromMinutes(3));
        clock.Elapsed.Should().Be(TimeSpan.FromMinutes(3));
        clock.Invoking(it => it.Advance(TimeSpan.FromTicks(-1))).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Timers_fire_in_the_order_in_which_they_are_due_and_see_their_own_time()
    {
        var fired = new List<(string Name, double Seconds)>();
        void Note(object? name) => fired.Add(((string)name!, clock.Elapsed.TotalSeconds));
        using var late = clock.CreateTimer(Note, "late", TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(Note, "often", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        using var disposed = clock.CreateTimer(Note, "disposed", TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        disposed.Dispose();

        clock.Advance(TimeSpan.FromSeconds(6));

        fired.Should().Equal(("often", 1), ("often", 3), ("late", 5), ("often", 5));
        clock.Elapsed.Should().Be(TimeSpan.FromSeconds(6));
        disposed.Change(TimeSpan.Zero, TimeSpan.Zero).Should().BeFalse();
    }

    [Fact]
    public void A_callback_may_set_another_timer_on_the_way()
    {
        var fired = new List<double>();
        ITimer? second = null;
        using var first = clock.CreateTimer(
            _ => second = clock.CreateTimer(_ => fired.Add(clock.Elapsed.TotalSeconds), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan),
            null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        clock.Advance(TimeSpan.FromSeconds(10));
        fired.Should().Equal(2);
        second!.Dispose();
    }

    [Fact]
    public async Task Waits_and_time_limits_go_by_it()
    {
        var wait = new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromHours(1), clock);
        using var limit = new CancellationTokenSource(TimeSpan.FromHours(2), clock);
        clock.Advance(TimeSpan.FromMinutes(59));
        wait.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromMinutes(1));
        await wait.Awaiting(it => it).Should().ThrowAsync<TimeoutException>();
        limit.IsCancellationRequested.Should().BeFalse();
        clock.Advance(TimeSpan.FromHours(1));
        limit.IsCancellationRequested.Should().BeTrue();
    }
}
