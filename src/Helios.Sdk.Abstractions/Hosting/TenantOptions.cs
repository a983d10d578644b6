namespace Helios.Sdk;

/// <summary>Settings of a tenant.</summary>
public sealed class TenantOptions
{
    /// <summary>Weight of its token share beside other tenants that wait at the same time, 0.001 to 1000. Twice the weight gives twice the tokens.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>
    /// Shares cached prefixes with every tenant that names the same group; null keeps them to the tenant. Groups and tenants have
    /// separate names.
    /// </summary>
    /// <remarks>
    /// A prompt with a cached prefix is answered sooner. So a client that can send requests in the group can find out, block by block,
    /// the recent prompts of other tenants in the group. A group must contain only tenants that may read each other's prompts.
    /// </remarks>
    public string? CacheGroup { get; set; }

    /// <summary>Share of KV memory beyond which the cached KV of the tenant, or of its group, is evicted first, 0 to 1; null takes the default, <see cref="ServingOptions.DefaultCacheShare"/>. Tenants of one group have the same value.</summary>
    public double? CacheShare { get; set; }
}
