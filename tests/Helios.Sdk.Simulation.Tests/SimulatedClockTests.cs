namespace Helios.Sdk.Simulation.Tests;

/// <summary>Simulated time, and what happens in it.</summary>
public class SimulatedClockTests
{
    private readonly SimulatedClock clock = new();
    private readonly List<string> happened = [];

    [Fact]
    public void What_falls_due_while_time_is_spent_happens_at_its_time_and_in_order()
    {
        WithoutContext();
        _ = NoteAsync("third", 3);
        _ = NoteAsync("first", 1);
        _ = NoteAsync("also first", 1);
        clock.Spend(2);
        happened.Should().Equal("first at 1", "also first at 1");
        clock.Seconds.Should().Be(2);
        clock.SecondsToNext.Should().BeApproximately(1, 1e-9);
        clock.Spend(1);
        happened.Should().Equal("first at 1", "also first at 1", "third at 3");
        clock.SecondsToNext.Should().Be(double.PositiveInfinity);
    }

    [Fact]
    public void What_follows_from_it_in_the_same_span_happens_too()
    {
        WithoutContext();
        _ = TwiceAsync();
        clock.Spend(5);
        happened.Should().Equal("once at 1", "twice at 3");

        async Task TwiceAsync()
        {
            await NoteAsync("once", 1).ConfigureAwait(false);
            await NoteAsync("twice", 2).ConfigureAwait(false);
        }
    }

    [Fact]
    public void A_timer_that_is_changed_or_disposed_fires_as_it_was_changed_last()
    {
        using var timer = clock.CreateTimer(_ => happened.Add("fired"), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        clock.Spend(2);
        happened.Should().BeEmpty();
        clock.Spend(1);
        happened.Should().Equal("fired");

        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        clock.Spend(9);
        happened.Should().Equal("fired");
    }

    [Fact]
    public void Who_waits_for_the_device_goes_on_when_time_is_spent_next_and_on_the_thread_pool_at_the_end()
    {
        var context = new SimulatedContext(clock);
        context.Post(_ => happened.Add("went on"), null);
        happened.Should().BeEmpty();
        clock.RunDue();
        happened.Should().Equal("went on");

        context.End();
        using var late = new ManualResetEventSlim();
        context.Post(_ => late.Set(), null);
        late.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue("nobody moves the clock any more");
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = clock.DelayAsync(1, cancelled.Token);
        await cancelled.CancelAsync();
        var wait = () => waiting;
        await wait.Should().ThrowAsync<OperationCanceledException>();
        clock.Spend(2);
    }

    /// <summary>As on the thread of a simulation: who waited goes on at once, and not on the test's own context.</summary>
    private static void WithoutContext() => SynchronizationContext.SetSynchronizationContext(null);

    private async Task NoteAsync(string what, double after)
    {
        await clock.DelayAsync(after, CancellationToken.None).ConfigureAwait(false);
        happened.Add(FormattableString.Invariant($"{what} at {clock.Seconds}"));
    }
}
