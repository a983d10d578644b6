using System.Text;
using Helios.Sdk.Hosting.Configuration;

namespace Helios.Sdk.Tests.Hosting.Configuration;

/// <summary>Prints docs/reference/options.md: the table of options, a row for each.</summary>
internal static class OptionReference
{
    public static string Print()
    {
        var text = new StringBuilder("""
            # Options

            Every option of an engine, by its key in configuration. The key is the path of the property in `HeliosOptions`. A value out of range
            fails the start. `reloads` marks options that take effect while the engine runs; the others apply at the next start. Generated from
            the option table of the engine.


            """.ReplaceLineEndings("\n"));
        text.Append("| key | meaning | value | default | reloads |\n|---|---|---|---|---|\n");
        foreach (var option in OptionTable.All)
        {
            Row(text, option, "", option is ListEntry<HeliosOptions> ? "" : option.Show(new HeliosOptions()));
            if (option.Path != OptionTable.Tenants) continue;
            foreach (var own in OptionTable.Tenant) Row(text, own, $"{OptionTable.Tenants}:NAME:", own.Show(new TenantOptions()));
        }

        return text.ToString();
    }

    private static void Row<TOptions>(StringBuilder text, OptionEntry<TOptions> option, string prefix, string value)
    {
        var shown = value switch
        {
            "" => "",
            "null" => option.None is { } none ? $"`null` {none}" : "`null`",
            _ => $"`{value}`{(option.None is { } none ? $"; `null` {none}" : "")}",
        };
        text.Append($"| `{prefix}{option.Path}` | {option.Doc} | {option.WrittenOrNull} | {shown} | {(option.Reloads ? "yes" : "")} |\n");
    }
}
