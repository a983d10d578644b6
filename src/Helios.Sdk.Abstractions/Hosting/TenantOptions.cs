namespace Helios.Sdk;

/// <summary>What is particular to a tenant.</summary>
public sealed class TenantOptions
{
    /// <summary>Its share of tokens beside those of other tenants that wait at the same time, 0.001 to 1000. Twice the weight, twice the tokens.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>
    /// Shares cached prefixes with every tenant that names the same group; null keeps them to the tenant. The names of groups
    /// and of tenants have nothing to do with each other.
    /// </summary>
    /// <remarks>
    /// A prompt whose beginning is cached is answered sooner. A client that can send requests in the group can therefore find out, token
    /// by token, what others of the group have asked lately. Put only tenants into one group that may read each other's prompts.
    /// </remarks>
    public string? CacheGroup { get; set; }

    /// <summary>Share of KV memory beyond which the cached KV of the tenant, or of its group, is the first to go, 0 to 1; null takes the default, <see cref="ServingOptions.DefaultCacheShare"/>. Tenants of one group name the same.</summary>
    public double? CacheShare { get; set; }
}
