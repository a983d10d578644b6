namespace Helios.Sdk.Serving;

/// <summary>
/// Wakes the one thread that waits on it; a wake that comes early is kept. Holds no handle, so it may be signalled at any
/// time, even after the waiting thread has ended.
/// </summary>
internal class WakeSignal
{
    // Monitor.Wait needs a plain object, not a Lock.
    private readonly object gate = new();
    private bool signalled;

    /// <summary>Any thread: there is something to do.</summary>
    public virtual void Set()
    {
        lock (gate)
        {
            signalled = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Waits for a signal, or until time is up.</summary>
    /// <param name="time">0 or more; <see cref="Timeout.InfiniteTimeSpan"/> waits for a signal alone.</param>
    public void Wait(TimeSpan time)
    {
        lock (gate)
        {
            if (!signalled) Monitor.Wait(gate, time);
            signalled = false;
        }
    }
}
