using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Timing;

namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>A request in a heap: the one due first comes out first; of equals, the earlier arrival.</summary>
internal sealed class WaitingRequest(RequestId id, long due) : IHeapItem<WaitingRequest>
{
    /// <summary>When a request is due that named no deadline, from its arrival: so that it cannot starve behind those that did.</summary>
    public static readonly TimeSpan ImplicitDeadline = TimeSpan.FromSeconds(30);

    public RequestId Id => id;

    public long Due => due;

    public int HeapIndex { get; set; }

    public static WaitingRequest ByDeadline(in RequestInfo request, TimeProvider time) =>
        new(request.Id, request.NextDeadline == long.MaxValue ? time.TimestampAfter(request.ArrivedAt, ImplicitDeadline) : request.NextDeadline);

    public bool ComesBefore(WaitingRequest other) => due != other.Due ? due < other.Due : id.Value < other.Id.Value;
}
