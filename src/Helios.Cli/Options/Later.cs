namespace Helios.Cli.Options;

/// <summary>Names that are planned, but not built yet: they are refused with a line that says so.</summary>
internal static class Later
{
    public static string? Device(string text) =>
        text.Equals("cuda", StringComparison.OrdinalIgnoreCase) || (text.StartsWith("cuda:", StringComparison.OrdinalIgnoreCase) && int.TryParse(text.AsSpan(5), out var index) && index >= 0)
            ? NotYet("Device", text)
            : null;

    public static string NotYet(string kind, string name) => $"{kind} '{name}' is not available yet.";
}
