using Spectre.Console;

namespace Helios.Cli.Output;

/// <summary>Tables for people.</summary>
internal static class Tables
{
    /// <summary>A line for every fact.</summary>
    public static Table Facts(params ReadOnlySpan<(string Name, string Value)> facts)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        foreach (var (name, value) in facts) table.AddRow(new Text(name, new Style(Color.Grey)), new Text(value));
        return table;
    }
}
