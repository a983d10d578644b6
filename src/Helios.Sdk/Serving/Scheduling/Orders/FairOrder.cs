using Helios.Sdk.Scheduling;

namespace Helios.Sdk.Serving.Scheduling.Orders;

/// <summary>
/// Weighted fair sharing between tenants by tokens: virtual token counters, as in "Fairness in Serving Large Language Models"
/// (OSDI 2024). A tenant's counter is its tokens over its weight; of the tenants that wait, the one with the least goes
/// next, with the request that is due first. A tenant that comes back after a pause starts no lower than those that wait, so no tenant saves up.
/// Between tenants that keep waiting, counters differ by no more than the longest prompt or one batch's answers.
/// </summary>
internal sealed class FairOrder(TimeProvider time) : IRequestOrder
{
    /// <summary>Most tenants remembered that wait for nothing; beyond it, those that owe least are forgotten.</summary>
    public const int MostDebts = 4096;

    private readonly Dictionary<RequestId, (Tenant Tenant, WaitingRequest Request)> requests = [];
    private readonly Dictionary<string, Tenant> tenants = new(StringComparer.Ordinal);
    private readonly IndexedHeap<Tenant> waiting = new();
    private readonly IndexedHeap<Tenant> debts = new();
    private double lastFloor;

    public string Name => "fair";

    /// <summary>Tenants whose counter is kept.</summary>
    public int Tenants => tenants.Count;

    /// <summary>The least counter of those that wait, or of the last that did. It never falls.</summary>
    private double Floor => waiting.Count > 0 ? waiting.First.Counter : lastFloor;

    public void Add(in RequestInfo request)
    {
        var tenant = Find(request.Tenant);
        var entry = WaitingRequest.ByDeadline(request, time);
        requests.Add(request.Id, (tenant, entry));
        tenant.Requests.Add(entry);
        if (tenant.Requests.Count > 1)
        {
            waiting.Moved(tenant);
            return;
        }

        debts.Remove(tenant);
        tenant.Counter = Math.Max(tenant.Counter, Floor);
        waiting.Add(tenant);
        ForgetDebts();
    }

    public void Remove(RequestId id)
    {
        if (!requests.Remove(id, out var entry)) return;
        var (tenant, request) = entry;
        tenant.Requests.Remove(request);
        if (tenant.Requests.Count > 0)
        {
            waiting.Moved(tenant);
            return;
        }

        lastFloor = Floor;
        waiting.Remove(tenant);
        debts.Add(tenant);
    }

    public bool TryPeek(out RequestId next)
    {
        next = waiting.Count > 0 ? waiting.First.Requests.First.Id : default;
        return waiting.Count > 0;
    }

    public void Charge(in RequestInfo request, int tokens)
    {
        var tenant = Find(request.Tenant);
        tenant.Counter += tokens / request.TenantWeight;
        (tenant.Requests.Count > 0 ? waiting : debts).Moved(tenant);
    }

    /// <summary>One that is unknown, or was forgotten, owes nothing.</summary>
    private Tenant Find(string name)
    {
        if (tenants.TryGetValue(name, out var tenant)) return tenant;
        tenant = new Tenant(name) { Counter = Floor };
        tenants.Add(name, tenant);
        debts.Add(tenant);
        return tenant;
    }

    /// <summary>A counter below the floor says nothing: its tenant would be lifted to the floor.</summary>
    private void ForgetDebts()
    {
        while (debts.Count > 0 && (debts.Count > MostDebts || debts.First.Counter <= Floor))
        {
            tenants.Remove(debts.First.Name);
            debts.Remove(debts.First);
        }
    }

    /// <summary>A tenant: among those that wait while it has requests that wait, else among the debts.</summary>
    private sealed class Tenant(string name) : IHeapItem<Tenant>
    {
        public string Name => name;

        public IndexedHeap<WaitingRequest> Requests { get; } = new();

        /// <summary>Tokens over weight.</summary>
        public double Counter { get; set; }

        public int HeapIndex { get; set; }

        /// <summary>Of tenants that are level, the one whose first request came first; of debts, either.</summary>
        public bool ComesBefore(Tenant other) =>
            Counter != other.Counter ? Counter < other.Counter
            : Requests.Count > 0 && other.Requests.Count > 0 && Requests.First.Id.Value < other.Requests.First.Id.Value;
    }
}
