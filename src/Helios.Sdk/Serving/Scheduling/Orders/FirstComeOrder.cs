using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>In order of arrival.</summary>
internal sealed class FirstComeOrder : IRequestOrder
{
    private readonly DueQueue queue = new();

    public string Name => "first-come";

    public void Add(in RequestInfo request) => queue.Add(new WaitingRequest(request.Id, due: 0));

    public void Remove(RequestId id) => queue.Remove(id);

    public bool TryPeek(out RequestId next) => queue.TryPeek(out next);

    public void Charge(in RequestInfo request, int tokens)
    {
    }
}
