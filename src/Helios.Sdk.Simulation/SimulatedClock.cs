namespace Helios.Sdk.Simulation;

/// <summary>
/// The time of a simulation, and the order in which things happen: it moves when it is moved, and runs what falls due on the way,
/// on the thread that moves it.
/// </summary>
internal sealed class SimulatedClock : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (long At, long Order)> due = new();
    private long nanoseconds;
    private long order;

    public override long TimestampFrequency => 1_000_000_000;

    /// <summary>Seconds since the start.</summary>
    public double Seconds => nanoseconds * 1e-9;

    /// <summary>Seconds until something is due; infinite when nothing is.</summary>
    public double SecondsToNext => due.TryPeek(out _, out var next) ? (next.At - nanoseconds) * 1e-9 : double.PositiveInfinity;

    public override long GetTimestamp() => nanoseconds;

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(nanoseconds / 100);

    /// <summary>A timer that fires once, on the thread that moves the clock.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes after a while, on the thread that moves the clock.</summary>
    public async Task DelayAsync(double seconds, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource();
        using var registration = cancellationToken.Register(() => done.TrySetCanceled(cancellationToken));
        Schedule(() => done.TrySetResult(), Nanoseconds(seconds));
        await done.Task.ConfigureAwait(false);
    }

    /// <summary>Runs something after what is due already, when the clock is moved next.</summary>
    public void Post(Action action) => Schedule(action, 0);

    /// <summary>Moves the clock by a while, and runs what falls due until then, each at its time.</summary>
    public void Spend(double seconds)
    {
        var end = nanoseconds + Nanoseconds(seconds);
        while (due.TryPeek(out var action, out var next) && next.At <= end)
        {
            due.Dequeue();
            nanoseconds = next.At;
            action();
        }

        nanoseconds = end;
    }

    /// <summary>Runs what is due.</summary>
    public void RunDue() => Spend(0);

    private void Schedule(Action action, long after) => due.Enqueue(action, (nanoseconds + after, order++));

    /// <summary>A wait for some time lasts for a nanosecond at least.</summary>
    private static long Nanoseconds(double seconds) => seconds <= 0 ? 0 : Math.Max(1, (long)Math.Round(seconds * 1e9));

    private sealed class Timer(SimulatedClock clock, TimerCallback callback, object? state) : ITimer
    {
        private int version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan) throw new NotSupportedException($"A simulated timer fires once; found a period of {period}.");
            var set = ++version;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            clock.Schedule(
                () =>
                {
                    if (set == version) callback(state);
                },
                Nanoseconds(dueTime.TotalSeconds));
            return true;
        }

        public void Dispose() => version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>
/// Where those go on who wait for the device thread of a simulation: on the one thread it has, when its clock is moved next. Once
/// the simulation has ended, on the thread pool.
/// </summary>
internal sealed class SimulatedContext(SimulatedClock clock) : SynchronizationContext
{
    private volatile bool ended;

    public void End() => ended = true;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (ended) base.Post(d, state);
        else clock.Post(() => d(state));
    }
}
