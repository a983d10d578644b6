using System.Globalization;
using Helios.Sdk.Naming;
using Microsoft.Extensions.Configuration;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>
/// Reads the section of an engine into its options. By hand, so that nothing is reflected upon, an unknown key is an error,
/// and every fault names the key, what was found, and what was expected.
/// </summary>
/// <param name="folder">Where relative paths start.</param>
internal sealed class OptionsBinder(string folder)
{
    private static readonly string[] Groups = ["Serving", "Adaptation", "Telemetry"];

    private static readonly string[] ModelKeys = [nameof(ModelSource.Path), nameof(ModelSource.Name), nameof(ModelSource.ChatTemplate), nameof(ModelSource.DigestFile)];

    private readonly IReadOnlyList<OptionEntry<HeliosOptions>> entries = OptionTable.For(folder);
    private readonly List<OptionFault> faults = [];

    /// <summary>Reads a section; what is wrong in it is reported, and left as it was in the options.</summary>
    public IReadOnlyList<OptionFault> Bind(IConfiguration section, HeliosOptions options)
    {
        faults.Clear();
        BindGroup(section, "", options);
        return [.. faults];
    }

    private void BindGroup(IConfiguration section, string group, HeliosOptions options)
    {
        foreach (var child in section.GetChildren())
        {
            var path = group + child.Key;
            if (Groups.FirstOrDefault(name => Is(path, name)) is { } inner)
            {
                if (IsSection(child, inner, KeysOf($"{inner}:"))) BindGroup(child, $"{inner}:", options);
                continue;
            }

            switch (entries.FirstOrDefault(entry => Is(path, entry.Path)))
            {
                case null: RefuseKey(path, child.Key, KeysOf(group), Elsewhere(child.Key)); break;
                case ListEntry<HeliosOptions> list: BindList(child, list.Path, options); break;
                case var entry: BindValue(child, entry.Path, entry, options); break;
            }
        }
    }

    private void BindValue<TOptions>(IConfigurationSection child, OptionPath path, OptionEntry<TOptions> entry, TOptions options)
    {
        if (IsValue(child, path, entry.WrittenOrNull) && !entry.TrySet(options, child.Value))
            Refuse(path, Shown(child), entry.WrittenOrNull, NearMiss.Question(child.Value ?? "", entry.Names));
    }

    private void BindList(IConfigurationSection section, string list, HeliosOptions options)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            Refuse(list, Shown(section), "a list or a section");
            return;
        }

        foreach (var child in section.GetChildren())
        {
            switch (list)
            {
                case OptionTable.Models: BindModel(child, options); break;
                case OptionTable.BackendSettings: if (IsValue(child, $"{list}:{child.Key}")) options.BackendSettings[child.Key] = child.Value ?? ""; break;
                case OptionTable.Tenants: options.Serving.Tenants[child.Key] = ReadTenant(child); break;
                default: BindCertificate(child, options); break;
            }
        }
    }

    /// <summary>A path alone, or a path with a name, a chat template and a file of digests; in a section by names, the key is the name.</summary>
    private void BindModel(IConfigurationSection section, HeliosOptions options)
    {
        string? path = null;
        string? template = null;
        string? digests = null;
        var name = int.TryParse(section.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : section.Key;
        if (!HasChildren(section)) path = section.Value;
        foreach (var child in section.GetChildren())
        {
            if (!IsValue(child, new(OptionTable.Models, section.Key, child.Key))) continue;
            if (Is(child.Key, nameof(ModelSource.Path))) path = child.Value;
            else if (Is(child.Key, nameof(ModelSource.Name))) name = child.Value;
            else if (Is(child.Key, nameof(ModelSource.ChatTemplate))) template = child.Value;
            else if (Is(child.Key, nameof(ModelSource.DigestFile))) digests = child.Value;
            else RefuseKey(new(OptionTable.Models, section.Key, child.Key), child.Key, ModelKeys);
        }

        // The check says so where there is no path.
        var full = string.IsNullOrWhiteSpace(path) ? "" : Path.GetFullPath(path, folder);
        options.Models.Add(new ModelSource(name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(full)), full)
        {
            ChatTemplate = template,
            DigestFile = string.IsNullOrWhiteSpace(digests) ? null : Path.GetFullPath(digests, folder),
        });
    }

    private TenantOptions ReadTenant(IConfigurationSection section)
    {
        var tenant = new TenantOptions();
        List<string> known = [.. OptionTable.Tenant.Select(entry => entry.Path)];
        if (!IsSection(section, new(OptionTable.Tenants, section.Key), known)) return tenant;
        foreach (var child in section.GetChildren())
        {
            if (OptionTable.Tenant.FirstOrDefault(entry => Is(child.Key, entry.Path)) is { } entry) BindValue(child, new(OptionTable.Tenants, section.Key, entry.Path), entry, tenant);
            else RefuseKey(new(OptionTable.Tenants, section.Key, child.Key), child.Key, known);
        }

        return tenant;
    }

    private void BindCertificate(IConfigurationSection section, HeliosOptions options)
    {
        var format = ValueFormats.File(folder);
        if (format.TryRead(section.Value, out var file)) options.Adaptation.Certificates.Add(file);
        else Refuse(new(OptionTable.Certificates, section.Key), Shown(section), format.Written);
    }

    /// <summary>Whether keys may stand within; an empty one is as good as none.</summary>
    private bool IsSection(IConfigurationSection found, OptionPath path, IEnumerable<string> expected)
    {
        if (string.IsNullOrEmpty(found.Value)) return true;
        Refuse(path, Shown(found), $"a section with {string.Join(", ", expected)}");
        return false;
    }

    private bool IsValue(IConfigurationSection found, OptionPath path, string expected = "a value")
    {
        if (!HasChildren(found)) return true;
        Refuse(path, "a section", expected);
        return false;
    }

    private void RefuseKey(OptionPath path, string key, IReadOnlyList<string> expected, string? elsewhere = null) =>
        Refuse(path, "unknown", string.Join(", ", expected), elsewhere is null ? NearMiss.Question(key, expected) : $"Did you mean '{elsewhere}'?");

    private void Refuse(OptionPath path, string found, string expected, string? note = null) => faults.Add(new OptionFault(path, found, expected) { Note = note });

    private static string Shown(IConfigurationSection found) => found.Value is { } text ? $"'{text}'" : "null";

    /// <summary>The option that a key names, but for the section that it stands in; null when there is none.</summary>
    private string? Elsewhere(string key) => entries.Select(known => known.Path).FirstOrDefault(path => path.EndsWith($":{key}", StringComparison.OrdinalIgnoreCase));

    /// <summary>What may stand at one level, in alphabetical order.</summary>
    private List<string> KeysOf(string group) => [.. entries.Select(entry => entry.Path)
        .Concat(Groups)
        .Where(path => path.StartsWith(group, StringComparison.Ordinal))
        .Select(path => path[group.Length..])
        .Where(path => !path.Contains(':', StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    private static bool HasChildren(IConfigurationSection section) => section.GetChildren().Any();

    /// <summary>Keys of configuration have no case.</summary>
    private static bool Is(string found, string key) => string.Equals(found, key, StringComparison.OrdinalIgnoreCase);
}
