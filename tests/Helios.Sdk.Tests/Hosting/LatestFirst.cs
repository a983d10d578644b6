using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>The request that came last goes next.</summary>
internal sealed class LatestFirst : IRequestOrder
{
    private readonly List<RequestId> waiting = [];

    public string Name => "latest-first";

    public void Add(in RequestInfo request) => waiting.Add(request.Id);

    public void Remove(RequestId id) => waiting.Remove(id);

    public bool TryPeek(out RequestId next)
    {
        next = waiting.LastOrDefault();
        return waiting.Count > 0;
    }

    public void Charge(in RequestInfo request, int tokens)
    {
        // It counts nothing.
    }
}
