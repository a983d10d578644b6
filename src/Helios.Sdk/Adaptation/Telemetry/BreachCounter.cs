using System.Runtime.InteropServices;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>
/// The confidence breach counter: breaches among the last tokens emitted at one operating point, so weighed that no request
/// and no tenant trips it alone.
/// </summary>
/// <remarks>
/// A request holds at most limit / 2 places of the window; its next token then takes the place of its own oldest, so the
/// window reaches back over several requests even when one runs at a time. With more than one tenant in the window it trips
/// only if it would by rate without any one of them: a tenant alone with its breaches is no reason to serve the others
/// otherwise. A single tenant is all there is, and counts in full.
/// Each token costs O(1), and one above the limit a pass over each tenant in the window; nothing is allocated. Belongs to one thread.
/// </remarks>
internal sealed class BreachCounter
{
    private const int None = -1;

    private readonly int limit;
    private readonly int perRequest;
    private readonly Slot[] slots;
    private readonly Dictionary<long, RequestSlots> requests;
    private readonly Dictionary<int, TenantTokens> tenants;
    private int tokens;
    private int oldest = None;
    private int newest = None;
    private int breaches;

    /// <summary>Creates an empty counter.</summary>
    /// <param name="window">Tokens it looks back on, at least 2.</param>
    /// <param name="limit">Breaches above which it trips, at least 1: a single one would be one request's; below <paramref name="window"/>.</param>
    public BreachCounter(int window, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(limit, window);
        this.limit = limit;
        perRequest = MostOfOneRequest(limit);
        slots = new Slot[window];
        requests = new Dictionary<long, RequestSlots>(window + 1);
        tenants = new Dictionary<int, TenantTokens>(window + 1);
    }

    /// <summary>Places of the window that a request holds at most: half of the limit.</summary>
    public static int MostOfOneRequest(int limit) => Math.Max(1, limit / 2);

    /// <summary>Tokens in the window.</summary>
    public int Tokens => tokens;

    /// <summary>Breaches in the window.</summary>
    public int Breaches => breaches;

    /// <summary>Notes an emitted token.</summary>
    /// <param name="requestId">Whose token it is.</param>
    /// <param name="tenant">A number for the tenant.</param>
    /// <param name="breach">Whether its confidence was under target below full depth.</param>
    /// <returns>Whether it trips; true again for every further token until it no longer would, or <see cref="Clear"/>.</returns>
    public bool Add(long requestId, int tenant, bool breach)
    {
        // The places in use are always the first ones: a place given up is taken at once.
        var slot = tokens;
        if (requests.TryGetValue(requestId, out var own) && own.Count == perRequest) slot = Remove(own.Oldest);
        else if (tokens == slots.Length) slot = Remove(oldest);
        Append(slot, requestId, tenant, breach);
        return breaches > limit && IsOfSeveralTenants();
    }

    /// <summary>Forgets everything: another point serves, or the guard has acted.</summary>
    public void Clear()
    {
        requests.Clear();
        tenants.Clear();
        (tokens, breaches) = (0, 0);
        (oldest, newest) = (None, None);
    }

    /// <summary>Whether those who remain without any one tenant are over the limit too, as far as they have tokens; a single tenant is.</summary>
    private bool IsOfSeveralTenants()
    {
        if (tenants.Count == 1) return true;
        foreach (var (_, one) in tenants)
        {
            if ((breaches - one.Breaches) * slots.Length <= limit * (tokens - one.Tokens)) return false;
        }

        return true;
    }

    private void Append(int slot, long requestId, int tenant, bool breach)
    {
        slots[slot] = new Slot { Request = requestId, Tenant = tenant, Breach = breach, Older = newest, Newer = None, NewerOfRequest = None };
        if (newest == None) oldest = slot;
        else slots[newest].Newer = slot;
        newest = slot;
        tokens++;

        ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(requests, requestId, out _);
        if (own.Count++ == 0) own.Oldest = slot;
        else slots[own.Newest].NewerOfRequest = slot;
        own.Newest = slot;

        CountTenant(tenant, breach, 1);
    }

    private int Remove(int slot)
    {
        ref var gone = ref slots[slot];
        if (gone.Older == None) oldest = gone.Newer;
        else slots[gone.Older].Newer = gone.Newer;
        if (gone.Newer == None) newest = gone.Older;
        else slots[gone.Newer].Older = gone.Older;
        tokens--;

        // A place is only ever given up by the oldest token of its request.
        ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(requests, gone.Request, out _);
        own.Oldest = gone.NewerOfRequest;
        if (--own.Count == 0) requests.Remove(gone.Request);

        CountTenant(gone.Tenant, gone.Breach, -1);
        return slot;
    }

    private void CountTenant(int tenant, bool breach, int sign)
    {
        ref var counted = ref CollectionsMarshal.GetValueRefOrAddDefault(tenants, tenant, out _);
        counted.Tokens += sign;
        if (breach)
        {
            counted.Breaches += sign;
            breaches += sign;
        }

        if (counted.Tokens == 0) tenants.Remove(tenant);
    }

    private struct Slot
    {
        public long Request;
        public int Tenant;
        public bool Breach;
        public int Older;
        public int Newer;
        public int NewerOfRequest;
    }

    private struct RequestSlots
    {
        public int Oldest;
        public int Newest;
        public int Count;
    }

    private struct TenantTokens
    {
        public int Tokens;
        public int Breaches;
    }
}
