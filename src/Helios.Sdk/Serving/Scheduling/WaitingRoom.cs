using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>A request that a scheduler keeps, waiting or running. In a heap, the one that has waited longest comes first.</summary>
internal sealed class ScheduledRequest(in RequestInfo info) : IHeapItem<ScheduledRequest>
{
    private RequestInfo info = info;

    public ref readonly RequestInfo Info => ref info;

    public RequestId Id => info.Id;

    /// <summary>
    /// While it runs: what it holds its place with. Its priority, or the highest once it has waited long, so that newcomers cannot
    /// take the place again.
    /// </summary>
    public RequestPriority Rank { get; set; }

    /// <summary>Whether it runs; else it is in the waiting room.</summary>
    public bool Runs { get; set; }

    /// <summary>While it waits, timestamp since when it does; time it waited before it was preempted counts.</summary>
    public long WaitsSince { get; set; }

    /// <summary>While it runs, time it has waited.</summary>
    public long Waited { get; set; }

    public int HeapIndex { get; set; }

    /// <summary>Tokens it was charged for when it started and that have not run yet; null before it started.</summary>
    public int? Prepaid { get; set; }

    /// <summary>The first token is there: what is left to hurry for is the whole answer.</summary>
    public void FirstTokenCame()
    {
        if (info.FirstTokenDeadline != long.MaxValue) info = info with { FirstTokenDeadline = long.MaxValue };
    }

    /// <summary>Whether it gets rows and blocks before another, and gives way after it: by rank, then by arrival.</summary>
    public bool Outranks(ScheduledRequest other) => Rank != other.Rank ? Rank > other.Rank : Id.Value < other.Id.Value;

    bool IHeapItem<ScheduledRequest>.ComesBefore(ScheduledRequest other) =>
        WaitsSince != other.WaitsSince ? WaitsSince < other.WaitsSince : Id.Value < other.Id.Value;
}

/// <summary>
/// The requests that wait: an order for each priority, and for each the one that has waited longest, so that who is overdue is
/// found without looking at the others.
/// </summary>
/// <param name="createOrder">Makes the order of one priority.</param>
/// <param name="patience">Timestamps after which a request is overdue.</param>
internal sealed class WaitingRoom(Func<IRequestOrder> createOrder, long patience)
{
    private readonly IRequestOrder[] orders = [createOrder(), createOrder(), createOrder()];
    private readonly IndexedHeap<ScheduledRequest>[] byWait = [new(), new(), new()];

    public void Add(ScheduledRequest request, long now)
    {
        request.WaitsSince = now - request.Waited;
        byWait[(int)request.Info.Priority].Add(request);
        orders[(int)request.Info.Priority].Add(request.Info);
    }

    public void Remove(ScheduledRequest request, long now)
    {
        request.Waited = now - request.WaitsSince;
        byWait[(int)request.Info.Priority].Remove(request);
        orders[(int)request.Info.Priority].Remove(request.Id);
    }

    /// <summary>The request of a priority that goes next.</summary>
    public bool TryPeek(RequestPriority priority, out RequestId next) => orders[(int)priority].TryPeek(out next);

    /// <summary>Of the requests that have waited long while those of a higher priority wait too, the one that has waited longest; null when there is none.</summary>
    public ScheduledRequest? FindOverdue(long now)
    {
        ScheduledRequest? longest = null;
        var higherWait = byWait[(int)RequestPriority.High].Count > 0;
        for (var priority = RequestPriority.Normal; priority >= RequestPriority.Low; priority--)
        {
            var waiting = byWait[(int)priority];
            if (waiting.Count == 0) continue;
            if (higherWait && IsOverdue(now - waiting.First.WaitsSince) && !(longest?.WaitsSince <= waiting.First.WaitsSince)) longest = waiting.First;
            higherWait = true;
        }

        return longest;
    }

    /// <summary>Whether so long a wait is too long; <paramref name="times"/> over, if given.</summary>
    public bool IsOverdue(long waited, int times = 1) => waited / times >= patience;

    public void Charge(ScheduledRequest request, int tokens)
    {
        if (tokens > 0) orders[(int)request.Info.Priority].Charge(request.Info, tokens);
    }
}
