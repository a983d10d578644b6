using System.Globalization;
using Helios.Sdk.Naming;
using Microsoft.Extensions.Configuration;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>
/// Reads the section of an engine into its options. By hand, so that nothing is reflected upon, an unknown key is an error,
/// and every message names the key, what was found, and what was expected.
/// </summary>
/// <param name="folder">Where relative paths start.</param>
internal sealed class OptionsBinder(string folder)
{
    private static readonly string[] Groups = ["Serving", "Adaptation", "Telemetry"];

    private static readonly string[] ModelKeys = ["Path", "Name", nameof(ModelSource.ChatTemplate)];

    private static readonly string[] TenantKeys = [nameof(TenantOptions.Weight), nameof(TenantOptions.CacheGroup), nameof(TenantOptions.CacheShare)];

    private static readonly ValueFormat<double?> Share = ValueFormats.OrNone(ValueFormats.Number);

    private readonly IReadOnlyList<OptionKey> keys = OptionKeys.For(folder);
    private readonly List<BindingFault> wrong = [];

    /// <summary>Reads a section; what is wrong in it is told, and left as it was in the options.</summary>
    public IReadOnlyList<BindingFault> Bind(IConfiguration section, HeliosOptions options)
    {
        wrong.Clear();
        BindGroup(section, "", options);
        return [.. wrong];
    }

    private void BindGroup(IConfiguration section, string group, HeliosOptions options)
    {
        foreach (var child in section.GetChildren())
        {
            var path = group + child.Key;
            if (Groups.FirstOrDefault(name => Is(path, name)) is { } inner) BindInner(child, $"{inner}:", options);
            else if (OptionTables.All.FirstOrDefault(table => Is(path, table)) is { } table) BindTable(child, table, options);
            else if (keys.FirstOrDefault(key => Is(path, key.Path)) is { } key) BindKey(child, key, options);
            else RefuseKey(child, KeysOf(group), Elsewhere(child.Key));
        }
    }

    private void BindInner(IConfigurationSection section, string group, HeliosOptions options)
    {
        if (IsSection(section, KeysOf(group))) BindGroup(section, group, options);
    }

    private void BindKey(IConfigurationSection child, OptionKey key, HeliosOptions options)
    {
        if (HasChildren(child)) RefuseSection(child, key.Expected);
        else if (!key.TrySet(options, child.Value)) Refuse(child, key.Expected, key.Names);
    }

    private void BindTable(IConfigurationSection section, string table, HeliosOptions options)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            Refuse(section, "a list or a section");
            return;
        }

        foreach (var child in section.GetChildren())
        {
            switch (table)
            {
                case OptionTables.Models: BindModel(child, options); break;
                case OptionTables.BackendSettings: if (IsValue(child)) options.BackendSettings[child.Key] = child.Value ?? ""; break;
                case OptionTables.Tenants: options.Serving.Tenants[child.Key] = ReadTenant(child); break;
                default: if (TryRead(child, ValueFormats.File(folder), out var file)) options.Adaptation.Certificates.Add(file); break;
            }
        }
    }

    /// <summary>A path alone, or a path with a name and a chat template; in a section by names, the key is the name.</summary>
    private void BindModel(IConfigurationSection section, HeliosOptions options)
    {
        string? path = null;
        string? template = null;
        var name = int.TryParse(section.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : section.Key;
        if (!HasChildren(section)) path = section.Value;
        foreach (var child in section.GetChildren())
        {
            if (!IsValue(child)) continue;
            if (Is(child.Key, "Path")) path = child.Value;
            else if (Is(child.Key, "Name")) name = child.Value;
            else if (Is(child.Key, nameof(ModelSource.ChatTemplate))) template = child.Value;
            else RefuseKey(child, ModelKeys);
        }

        if (string.IsNullOrWhiteSpace(path))
        {
            wrong.Add(new BindingFault(Parent(section), $"{section.Path} has no path; expected the folder of a model, or a Path and a Name."));
            return;
        }

        var full = Path.GetFullPath(path, folder);
        options.Models.Add(new ModelSource(name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(full)), full) { ChatTemplate = template });
    }

    private TenantOptions ReadTenant(IConfigurationSection section)
    {
        var tenant = new TenantOptions();
        if (!IsSection(section, TenantKeys)) return tenant;
        foreach (var child in section.GetChildren())
        {
            if (Is(child.Key, nameof(tenant.Weight)) && TryRead(child, ValueFormats.Number, out var weight)) tenant.Weight = weight;
            else if (Is(child.Key, nameof(tenant.CacheShare)) && TryRead(child, Share, out var share)) tenant.CacheShare = share;
            else if (Is(child.Key, nameof(tenant.CacheGroup))) tenant.CacheGroup = child.Value;
            else if (!Is(child.Key, nameof(tenant.Weight)) && !Is(child.Key, nameof(tenant.CacheShare))) RefuseKey(child, TenantKeys);
        }

        return tenant;
    }

    /// <summary>Whether keys may stand within; an empty one is as good as none.</summary>
    private bool IsSection(IConfigurationSection found, IEnumerable<string> expected)
    {
        if (string.IsNullOrEmpty(found.Value)) return true;
        Refuse(found, $"a section with {string.Join(", ", expected)}");
        return false;
    }

    private bool IsValue(IConfigurationSection found)
    {
        if (!HasChildren(found)) return true;
        RefuseSection(found, "a value");
        return false;
    }

    private bool TryRead<T>(IConfigurationSection child, ValueFormat<T> format, out T value)
    {
        var read = format.TryRead(child.Value, out value);
        if (!read) Refuse(child, format.Expected);
        return read;
    }

    private void Refuse(IConfigurationSection found, string expected, IReadOnlyList<string>? names = null) =>
        Refuse(found, found.Value is { } text ? $"'{text}'" : "null", expected, NearMiss.Ask(found.Value ?? "", names ?? []));

    private void Refuse(IConfigurationSection found, string what, string expected, string suggestion) =>
        wrong.Add(new BindingFault(found.Path, $"{found.Path} is {what}; expected {expected}.{suggestion}"));

    private void RefuseSection(IConfigurationSection found, string expected) => Refuse(found, "a section", expected, suggestion: "");

    private void RefuseKey(IConfigurationSection found, IReadOnlyList<string> expected, string? elsewhere = null) => wrong.Add(new BindingFault(
        found.Path,
        $"{found.Path} is unknown; expected {string.Join(", ", expected)}.{(elsewhere is null ? NearMiss.Ask(found.Key, expected) : $" Did you mean '{elsewhere}'?")}"));

    /// <summary>The option that a key names, but for the section that it stands in; null when there is none.</summary>
    private string? Elsewhere(string key) => keys.Select(known => known.Path).Concat(OptionTables.All).FirstOrDefault(path => path.EndsWith($":{key}", StringComparison.OrdinalIgnoreCase));

    /// <summary>What may stand at one level, in alphabetical order.</summary>
    private List<string> KeysOf(string group) => [.. keys.Select(key => key.Path)
        .Concat(OptionTables.All)
        .Concat(Groups)
        .Where(path => path.StartsWith(group, StringComparison.Ordinal))
        .Select(path => path[group.Length..])
        .Where(path => !path.Contains(':', StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    private static string Parent(IConfigurationSection section) => section.Path[..^(section.Key.Length + 1)];

    private static bool HasChildren(IConfigurationSection section) => section.GetChildren().Any();

    /// <summary>Keys of configuration have no case.</summary>
    private static bool Is(string found, string key) => string.Equals(found, key, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What is wrong with a key or a value of the configuration.</summary>
/// <param name="Path">The key that was not read, from the root; that of the list for an entry that cannot be made.</param>
/// <param name="Message">Names the key, what was found, and what was expected.</param>
internal sealed record BindingFault(string Path, string Message)
{
    /// <summary>Whether a message speaks of this key: it is about the default that stands in for what could not be read.</summary>
    public bool IsSpokenOf(string message)
    {
        for (var at = message.IndexOf(Path, StringComparison.OrdinalIgnoreCase); at >= 0; at = message.IndexOf(Path, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + Path.Length;
            if (end == message.Length || (message[end] != ':' && !char.IsAsciiLetterOrDigit(message[end]))) return true;
        }

        return false;
    }
}
