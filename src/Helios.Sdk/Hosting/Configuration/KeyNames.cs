using System.Text.RegularExpressions;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>Puts messages about options into the words of the configuration that they were read from.</summary>
internal static partial class KeyNames
{
    /// <summary>Names the keys where a message names properties: <c>Helios:Serving:MaxBatchSize</c> for <c>Serving.MaxBatchSize</c>.</summary>
    /// <param name="message">A message about <see cref="HeliosOptions"/>.</param>
    /// <param name="section">Path of the engine's section; empty when its keys stand at the root.</param>
    public static string Translate(string message, string section) => Property().Replace(message, match => Full(
        match.Value.Replace("].", ":", StringComparison.Ordinal).Replace('[', ':').TrimEnd(']').Replace('.', ':'), section));

    /// <summary>A key from the root of the configuration.</summary>
    public static string Full(string key, string section) => section.Length == 0 ? key : $"{section}:{key}";

    // Serving.X, Serving.Tenants[name].X, Adaptation.X, Telemetry.X, BackendSettings.X; and the options above both, where a message begins with one.
    [GeneratedRegex(@"(?<![\w.:'])(?:(?:Serving|Adaptation|Telemetry|BackendSettings)\.\w+(?:\[[^\]]*\](?:\.\w+)?)?|(?<=^|\n)(?:Models|Precision|MemoryBudgetBytes|BackendSettings|Backend)\b)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Property();
}
