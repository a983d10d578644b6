namespace Helios.Sdk.Serving.KvCache;

/// <summary>Which scope a tenant's cached KV belongs to: its own, unless the host put it into a group.</summary>
internal sealed class CacheScopes
{
    private readonly Dictionary<string, CacheScope> named = new(StringComparer.Ordinal);
    private readonly double defaultShare;

    public CacheScopes(ServingOptions options)
    {
        defaultShare = options.DefaultCacheShare;
        foreach (var (tenant, its) in options.Tenants)
        {
            named.Add(tenant, its.CacheGroup is { } group
                ? new CacheScope(group, IsGroup: true, ShareOf(group, options))
                : new CacheScope(tenant, IsGroup: false, its.CacheShare ?? defaultShare));
        }
    }

    public CacheScope Of(string tenant) => named.TryGetValue(tenant, out var scope) ? scope : new CacheScope(tenant, IsGroup: false, defaultShare);

    /// <summary>The share that a group's members name; those that name one name the same.</summary>
    private static double ShareOf(string group, ServingOptions options) => options.Tenants.Values
        .Where(tenant => tenant.CacheGroup == group)
        .Select(tenant => tenant.CacheShare)
        .FirstOrDefault(share => share is not null) ?? options.DefaultCacheShare;
}
