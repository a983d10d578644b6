namespace Helios.Sdk.Simulation;

/// <summary>
/// The time of a simulation: it moves when it is moved, and runs what is due then on the thread that moves it.
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
    public double SecondsToNext => due.TryPeek(out _, out var next) ? Math.Max(0, next.At - nanoseconds) * 1e-9 : double.PositiveInfinity;

    public override long GetTimestamp() => nanoseconds;

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(nanoseconds / 100);

    /// <summary>A timer that goes off once, on the thread that moves the clock.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes after a while, on the thread that moves the clock.</summary>
    public Task DelayAsync(double seconds)
    {
        var done = new TaskCompletionSource();
        due.Enqueue(done.SetResult, (nanoseconds + Nanoseconds(seconds), order++));
        return done.Task;
    }

    /// <summary>Moves the clock without running anything: time spent inside a step, or inside work between two steps.</summary>
    public void Spend(double seconds) => nanoseconds += Nanoseconds(seconds);

    /// <summary>Runs what has become due.</summary>
    public void RunDue()
    {
        while (due.TryPeek(out var action, out var next) && next.At <= nanoseconds)
        {
            due.Dequeue();
            action();
        }
    }

    private static long Nanoseconds(double seconds) => Math.Max(1, (long)Math.Round(seconds * 1e9));

    private sealed class Timer(SimulatedClock clock, TimerCallback callback, object? state) : ITimer
    {
        private int version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan) throw new NotSupportedException($"A simulated timer goes off once; found a period of {period}.");
            var set = ++version;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            clock.due.Enqueue(
                () =>
                {
                    if (set == version) callback(state);
                },
                (clock.nanoseconds + Nanoseconds(dueTime.TotalSeconds), clock.order++));
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
