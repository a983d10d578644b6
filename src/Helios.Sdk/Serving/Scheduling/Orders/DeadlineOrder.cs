using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>The earliest deadline first, in any tenant.</summary>
internal sealed class DeadlineOrder(TimeProvider time) : IRequestOrder
{
    private readonly DueQueue queue = new();

    public string Name => "deadline";

    public void Add(in RequestInfo request) => queue.Add(WaitingRequest.ByDeadline(request, time));

    public void Remove(RequestId id) => queue.Remove(id);

    public bool TryPeek(out RequestId next) => queue.TryPeek(out next);

    public void Charge(in RequestInfo request, int tokens)
    {
    }
}
