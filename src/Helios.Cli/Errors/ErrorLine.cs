namespace Helios.Cli.Errors;

/// <summary>What goes wrong, as the one line on standard error.</summary>
internal static class ErrorLine
{
    private const string Prefix = "helios: ";

    public static string Of(string message) => $"{Prefix}{message.ReplaceLineEndings(" ").Trim()}";

    /// <summary>The message of a line that the tool wrote as another process.</summary>
    public static string MessageOf(string line) => line.StartsWith(Prefix, StringComparison.Ordinal) ? line[Prefix.Length..] : line;
}
