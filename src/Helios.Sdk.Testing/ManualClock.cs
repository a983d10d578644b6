namespace Helios.Sdk.Testing;

/// <summary>
/// A clock that stands still until a test advances it. Its timers fire inside <see cref="Advance"/>, in the order in which
/// they are due, on the thread that advances the clock. Code that awaits them without a synchronization context also runs there, up to
/// its next wait. Thread-safe.
/// </summary>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> running = [];
    private readonly DateTimeOffset start;
    private long ticks;

    /// <summary>Creates a clock that starts at the beginning of the year 2000, UTC.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Creates a clock.</summary>
    /// <param name="start">Its time until it is advanced.</param>
    public ManualClock(DateTimeOffset start) => this.start = start;

    /// <summary>Time since its start.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => (start + Elapsed).ToUniversalTime();

    /// <summary>Advances the clock, and stops at every due timer to fire it.</summary>
    /// <param name="time">The time to advance, 0 or more.</param>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        var end = GetTimestamp() + time.Ticks;

        // Under a context what awaits a timer would go on elsewhere, and set its next timer when the clock has moved past it.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (MoveToNext(end) is { } timer) timer.Fire();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the first timer due by then and takes it, or to the end when none is.</summary>
    private ManualTimer? MoveToNext(long end)
    {
        lock (gate)
        {
            ManualTimer? next = null;
            foreach (var timer in running) next = timer.Due <= end && (next is null || timer.Due < next.Due) ? timer : next;
            Interlocked.Exchange(ref ticks, Math.Max(ticks, next?.Due ?? end));
            if (next is null) return null;
            if (next.Period > 0) next.Due += next.Period;
            else running.Remove(next);
            return next;
        }
    }

    private void Set(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (gate)
        {
            running.Remove(timer);
            timer.Period = period.Ticks;
            if (dueTime < TimeSpan.Zero) return;
            timer.Due = ticks + dueTime.Ticks;
            running.Add(timer);
        }

        Advance(TimeSpan.Zero);
    }

    private sealed class ManualTimer(ManualClock clock, Action fire) : ITimer
    {
        private volatile bool disposed;

        /// <summary>Tick of the clock at which it fires next.</summary>
        public long Due { get; set; }

        /// <summary>Ticks from one firing to the next; 0 or less to fire once.</summary>
        public long Period { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (disposed) return false;
            clock.Set(this, dueTime, period);
            return true;
        }

        public void Dispose()
        {
            disposed = true;
            clock.Set(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
