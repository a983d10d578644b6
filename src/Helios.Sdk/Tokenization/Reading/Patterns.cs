using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads patterns: <c>{"String": "..."}</c> or <c>{"Regex": "..."}</c>.</summary>
internal static class Patterns
{
    public static IPattern Read(JsonField pattern)
    {
        if (pattern["Regex"].IsNull)
            return pattern["String"].AsTextOrNull() is { Length: > 0 } text ? new LiteralPattern(text) : throw pattern.Bad("{\"String\": ...} or {\"Regex\": ...} with some text");
        try
        {
            return new RegexPattern(pattern["Regex"].AsText());
        }
        catch (ArgumentException e)
        {
            throw pattern["Regex"].Bad("a pattern that .NET cannot read (" + e.Message + ")", "a regular expression in .NET's syntax");
        }
    }

    /// <summary>The hand-written scanner of a published pattern; null when the pattern is another.</summary>
    public static IWordScanner? FindScanner(JsonField pattern) =>
        pattern["Regex"].AsTextOrNull() is { } regex ? PublishedPatterns.Find(regex) : null;
}
