using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>Waiting requests, the one due first to the front; any is removed in logarithmic time.</summary>
internal sealed class DueQueue
{
    private readonly IndexedHeap<WaitingRequest> heap = new();
    private readonly Dictionary<RequestId, WaitingRequest> waiting = [];

    public void Add(WaitingRequest request)
    {
        waiting.Add(request.Id, request);
        heap.Add(request);
    }

    public void Remove(RequestId id)
    {
        if (waiting.Remove(id, out var request)) heap.Remove(request);
    }

    public bool TryPeek(out RequestId next)
    {
        next = heap.Count > 0 ? heap.First.Id : default;
        return heap.Count > 0;
    }
}
