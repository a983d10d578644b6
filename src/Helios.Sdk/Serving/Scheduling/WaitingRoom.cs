using Helios.Sdk.Serving.Scheduling.Orders;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>A request that a scheduler keeps, waiting or running. In a heap, the one that has waited longest comes first.</summary>
internal sealed class ScheduledRequest(in RequestInfo info) : IHeapItem<ScheduledRequest>
{
    private RequestInfo info = info;

    public ref readonly RequestInfo Info => ref info;

    public RequestId Id => info.Id;

    /// <summary>Its priority; it moves up with waiting and keeps what it has reached.</summary>
    public RequestPriority Priority { get; set; } = info.Priority;

    /// <summary>Whether it runs; else it is in the waiting room.</summary>
    public bool Runs { get; set; }

    /// <summary>While it waits, timestamp since when it does at its priority; time it waited before it was preempted counts.</summary>
    public long WaitsSince { get; set; }

    /// <summary>Time it has waited at its priority, while it runs.</summary>
    public long Waited { get; set; }

    public int HeapIndex { get; set; }

    /// <summary>Tokens it was charged for when it started and that have not run yet; null before it started.</summary>
    public int? Prepaid { get; set; }

    /// <summary>The first token is there: what is left to hurry for is the whole answer.</summary>
    public void FirstTokenCame()
    {
        if (info.FirstTokenDeadline != long.MaxValue) info = info with { FirstTokenDeadline = long.MaxValue };
    }

    /// <summary>Whether it gets rows and blocks before another, and gives way after it: by priority, then by arrival.</summary>
    public bool Outranks(ScheduledRequest other) => Priority != other.Priority ? Priority > other.Priority : Id.Value < other.Id.Value;

    bool IHeapItem<ScheduledRequest>.ComesBefore(ScheduledRequest other) =>
        WaitsSince != other.WaitsSince ? WaitsSince < other.WaitsSince : Id.Value < other.Id.Value;
}

/// <summary>
/// The requests that wait: an order for each priority, and for each the one that has waited longest, so that those that move up
/// are found without looking at the others.
/// </summary>
/// <param name="createOrder">Makes the order of one priority.</param>
/// <param name="aging">Timestamps after which a request moves up.</param>
internal sealed class WaitingRoom(Func<IRequestOrder> createOrder, long aging)
{
    /// <summary>Requests that move up between two steps, at most: thousands may be due at once.</summary>
    private const int MostMoves = 32;

    private readonly IRequestOrder[] orders = [createOrder(), createOrder(), createOrder()];
    private readonly IndexedHeap<ScheduledRequest>[] byWait = [new(), new(), new()];

    public void Add(ScheduledRequest request, long now)
    {
        request.WaitsSince = now - request.Waited;
        byWait[(int)request.Priority].Add(request);
        orders[(int)request.Priority].Add(request.Info);
    }

    public void Remove(ScheduledRequest request, long now)
    {
        request.Waited = now - request.WaitsSince;
        byWait[(int)request.Priority].Remove(request);
        orders[(int)request.Priority].Remove(request.Id);
    }

    /// <summary>The request of a priority that goes next.</summary>
    public bool TryPeek(RequestPriority priority, out RequestId next) => orders[(int)priority].TryPeek(out next);

    public void Charge(ScheduledRequest request, int tokens)
    {
        if (tokens > 0) orders[(int)request.Priority].Charge(request.Info, tokens);
    }

    /// <summary>Moves up those that have waited long enough; costs no more than those that move.</summary>
    public void Age(long now)
    {
        var moves = 0;
        for (var priority = RequestPriority.Normal; priority >= RequestPriority.Low; priority--)
        {
            var waiting = byWait[(int)priority];
            for (; moves < MostMoves && waiting.Count > 0 && now - waiting.First.WaitsSince >= aging; moves++)
            {
                var longest = waiting.First;
                Remove(longest, now);
                longest.Priority++;
                longest.Waited = 0;
                Add(longest, now);
            }
        }
    }
}
