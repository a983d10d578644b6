namespace Helios.Sdk.Hosting.Configuration;

/// <summary>The options that are lists and tables, by their keys.</summary>
internal static class OptionTables
{
    public const string Models = "Models";
    public const string BackendSettings = "BackendSettings";
    public const string Tenants = "Serving:Tenants";
    public const string Certificates = "Adaptation:Certificates";

    public static IReadOnlyList<string> All { get; } = [Models, BackendSettings, Tenants, Certificates];

    /// <summary>What a table holds, so that two can be compared; no more than that is promised.</summary>
    public static string Show(string path, HeliosOptions options) => path switch
    {
        Models => string.Join('\n', options.Models),
        BackendSettings => string.Join('\n', options.BackendSettings.OrderBy(setting => setting.Key, StringComparer.Ordinal)),
        Tenants => string.Join('\n', options.Serving.Tenants.OrderBy(tenant => tenant.Key, StringComparer.Ordinal).Select(tenant => Invariant($"{tenant.Key} {tenant.Value.Weight} {tenant.Value.CacheGroup} {tenant.Value.CacheShare}"))),
        _ => string.Join('\n', options.Adaptation.Certificates),
    };
}
