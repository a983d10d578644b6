using Helios.Sdk.Serving.Scheduling.Orders;
using Helios.Sdk.Serving.Timing;

namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// When requests run out of time: <see cref="ServingOptions.MaxQueueTime"/> until they start, <see cref="GenerationRequest.TimeLimit"/>
/// to their end. A step looks at the one due first and no other. Belongs to the device thread.
/// </summary>
internal sealed class RequestLimits(TimeSpan? maxQueueTime, TimeProvider time)
{
    private readonly IndexedHeap<Limit> limits = new();

    /// <summary>Most time that a request waits to be started; null sets no limit.</summary>
    public TimeSpan? MaxQueueTime => maxQueueTime;

    /// <summary>Timestamp at which a request may run out of time; <see cref="long.MaxValue"/> when none can.</summary>
    public long NextDue => limits.Count > 0 ? limits.First.Due : long.MaxValue;

    public void Add(Sequence sequence)
    {
        var end = time.TimestampAfter(sequence.ArrivedAt, sequence.Request.TimeLimit);
        var start = time.TimestampAfter(sequence.QueuedAt, sequence.MayWait ? null : maxQueueTime);
        if (Math.Min(start, end) == long.MaxValue) return;
        sequence.Limit = new Limit(sequence, end) { Due = Math.Min(start, end) };
        limits.Add(sequence.Limit);
    }

    public void Remove(Sequence sequence)
    {
        if (sequence.Limit is { } limit) limits.Remove(limit);
        sequence.Limit = null;
    }

    /// <summary>A request that is out of time; it is to be ended now. Null when there is none.</summary>
    public Sequence? FindDue(long now)
    {
        while (NextDue <= now)
        {
            var limit = limits.First;
            if (limit.Due == limit.End || !limit.Sequence.HasStarted) return limit.Sequence;

            // It started in time: what is left is the limit to its end.
            limit.Due = limit.End;
            if (limit.End == long.MaxValue) Remove(limit.Sequence);
            else limits.Moved(limit);
        }

        return null;
    }

    /// <summary>The time a sequence has.</summary>
    internal sealed class Limit(Sequence sequence, long end) : IHeapItem<Limit>
    {
        public Sequence Sequence => sequence;

        /// <summary>When its <see cref="GenerationRequest.TimeLimit"/> is up.</summary>
        public long End => end;

        /// <summary>When it is looked at next.</summary>
        public long Due { get; set; }

        public int HeapIndex { get; set; }

        public bool ComesBefore(Limit other) => Due != other.Due ? Due < other.Due : sequence.Id.Value < other.Sequence.Id.Value;
    }
}
