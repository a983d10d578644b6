namespace Helios.Cli.Options;

/// <summary>Names that are planned, but not built yet: they are refused with a line that says so.</summary>
internal static class Later
{
    private static readonly string[] Objectives = ["ttft", "energy", "quality", "goodput"];

    public static string? Objective(string text) => Find(Objectives, text.Split(':')[0], "Objective");

    public static string? Device(string text) =>
        text == "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), out var index) && index >= 0)
            ? NotYet("Device", text)
            : null;

    public static string NotYet(string kind, string name) => $"{kind} '{name}' is not available yet.";

    private static string? Find(string[] later, string name, string kind) =>
        later.Contains(name, StringComparer.Ordinal) ? NotYet(kind, name) : null;
}
