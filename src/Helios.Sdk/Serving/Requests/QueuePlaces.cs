namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// Places for requests that wait to be started: <see cref="ServingOptions.MaxQueueLength"/>, and while the last plan left none
/// waiting as many more as the batch has room for, since these are started at once. Thread-safe.
/// </summary>
internal sealed class QueuePlaces
{
    private readonly int maxQueueLength;
    private readonly int maxBatchSize;
    private long waiting;
    private int room;

    /// <summary>Creates places that no request holds yet.</summary>
    /// <param name="maxQueueLength">Most requests waiting, at least 1.</param>
    /// <param name="maxBatchSize">Most requests running, at least 1.</param>
    public QueuePlaces(int maxQueueLength, int maxBatchSize)
    {
        this.maxQueueLength = maxQueueLength;
        this.maxBatchSize = room = maxBatchSize;
    }

    /// <summary>Requests that hold a place.</summary>
    public int Waiting => (int)Math.Min(int.MaxValue, Interlocked.Read(ref waiting));

    /// <summary>Takes places, all or none; null when there are too few.</summary>
    /// <param name="count">At least 1.</param>
    public IReadOnlyList<QueuePlace>? TryTake(int count)
    {
        if (Interlocked.Add(ref waiting, count) <= (long)maxQueueLength + Volatile.Read(ref room))
            return [.. Enumerable.Range(0, count).Select(_ => new QueuePlace(this))];
        GiveBack(count);
        return null;
    }

    /// <summary>Device thread: a step was planned.</summary>
    /// <param name="running">Requests that hold KV.</param>
    /// <param name="leftWaiting">Requests that were not started.</param>
    public void Planned(int running, int leftWaiting) => Volatile.Write(ref room, leftWaiting > 0 ? 0 : Math.Max(0, maxBatchSize - running));

    internal void GiveBack(int count) => Interlocked.Add(ref waiting, -count);
}

/// <summary>A request's place in the queue, given back once: when the request starts, or ends without.</summary>
internal sealed class QueuePlace(QueuePlaces places)
{
    private int held = 1;

    /// <summary>Any thread: it waits no longer. Harmless when called again.</summary>
    public void Leave()
    {
        if (Interlocked.Exchange(ref held, 0) == 1) places.GiveBack(1);
    }
}
