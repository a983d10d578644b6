using System.Collections.Concurrent;

namespace Helios.Sdk.Serving;

/// <summary>
/// Work that others want done on the device thread, between two steps: <em>urgent</em> work (memory to be reclaimed) at
/// once, <em>background</em> work (scoring, probes) one item at a time, when the device is idle or its share allows.
/// </summary>
/// <param name="backgroundShare">Most of the device's busy time that background work takes, in (0, 1].</param>
/// <param name="time">Clock.</param>
/// <param name="resumeOn">Where those who wait for an item go on; the thread pool when null, never the device thread.</param>
/// <param name="wake">Wakes the device thread; one of its own when null.</param>
internal sealed class DeviceWork(double backgroundShare, TimeProvider time, SynchronizationContext? resumeOn = null, WakeSignal? wake = null)
{
    private readonly ConcurrentQueue<Item> urgent = new();
    private readonly ConcurrentQueue<Item> background = new();
    private readonly SynchronizationContext resumeOn = resumeOn ?? new();
    private volatile bool closed;
    private volatile bool unlimited;
    private volatile bool isOwed;
    private double backgroundSeconds;
    private double elsewhere;
    private double servingSeconds;

    /// <summary>Lifts the share: the first evaluation must come to an end before anything can be decided.</summary>
    public bool Unlimited
    {
        get => unlimited;
        set => unlimited = value;
    }

    /// <summary>Share of busy device time that background work took lately, 0..1.</summary>
    public double Share => backgroundSeconds == 0 ? 0 : backgroundSeconds / (backgroundSeconds + servingSeconds);

    /// <summary>Wakes the device thread; set whenever work is posted.</summary>
    public WakeSignal Wake { get; } = wake ?? new();

    /// <summary>Whether background work has waited too long for its share, and runs in any case. Any thread.</summary>
    public bool IsOwed
    {
        get => isOwed;
        set => isOwed = value;
    }

    /// <summary>Runs <paramref name="work"/> on the device thread before its next step.</summary>
    public Task<T> RunUrgentAsync<T>(Func<T> work) => Post(urgent, work);

    /// <summary>Runs <paramref name="work"/> on the device thread when its share allows. An item should be as short as a step.</summary>
    public Task<T> RunInBackgroundAsync<T>(Func<T> work) => Post(background, work);

    /// <summary>Gives back what only the device thread may touch: there before its next step, or here when it has ended and touches nothing any more.</summary>
    public async Task ReleaseAsync(Action release)
    {
        try
        {
            await RunUrgentAsync(() =>
            {
                release();
                return true;
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            release();
        }
    }

    /// <summary>Device thread: a step took this long.</summary>
    public void CountServing(TimeSpan spent)
    {
        servingSeconds += spent.TotalSeconds;
        Forget();
    }

    /// <summary>Device thread: runs all urgent work.</summary>
    public void RunUrgent()
    {
        while (urgent.TryDequeue(out var item)) item.Run();
    }

    /// <summary>Device thread: runs one background item if there is one and it may run now. True when it ran.</summary>
    public bool TryRunBackground(bool idle)
    {
        if (background.IsEmpty || (!idle && !Unlimited && Share >= backgroundShare && !isOwed)) return false;
        if (!background.TryDequeue(out var item)) return false;
        var started = time.GetTimestamp();
        elsewhere = 0;
        item.Run();

        // An idle device gives its time away, and the first evaluation is not held against what follows.
        if (!idle && !Unlimited) backgroundSeconds += time.GetElapsedTime(started).TotalSeconds + elsewhere;
        return true;
    }

    /// <summary>Device thread, within an item: what was done for it elsewhere counts too.</summary>
    /// <param name="machineSeconds">Time of all processors, in seconds.</param>
    public void CountElsewhere(double machineSeconds) => elsewhere += machineSeconds;

    /// <summary>Device thread, at its end: cancels what has not run, and everything posted from now on.</summary>
    public void Close()
    {
        closed = true;
        while (urgent.TryDequeue(out var item) || background.TryDequeue(out item)) item.Cancel();
    }

    /// <summary>The share looks back over about a minute of busy time.</summary>
    private void Forget()
    {
        if (servingSeconds < 60) return;
        servingSeconds /= 2;
        backgroundSeconds /= 2;
    }

    private Task<T> Post<T>(ConcurrentQueue<Item> queue, Func<T> work)
    {
        var item = new Item<T>(work, resumeOn);
        queue.Enqueue(item);
        Wake.Set();
        if (closed) Close();
        return item.Done;
    }

    private abstract class Item
    {
        public abstract void Run();

        public abstract void Cancel();
    }

    private sealed class Item<T>(Func<T> work, SynchronizationContext resumeOn) : Item
    {
        private readonly TaskCompletionSource<T> done = new();

        public Task<T> Done => done.Task;

        public override void Run()
        {
            try
            {
                var result = work();
                Resume(() => done.SetResult(result));
            }
            catch (Exception error)
            {
                Resume(() => done.SetException(error));
            }
        }

        public override void Cancel() => Resume(done.SetCanceled);

        private void Resume(Action end) => resumeOn.Post(static end => ((Action)end!)(), end);
    }
}
