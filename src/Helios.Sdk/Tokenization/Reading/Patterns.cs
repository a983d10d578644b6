using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>Reads patterns: <c>{"String": "..."}</c> or <c>{"Regex": "..."}</c>.</summary>
internal static class Patterns
{
    public static string ReadString(JsonField pattern)
    {
        if (!pattern["String"].IsNull && pattern["String"].AsString() is { Length: > 0 } text) return text;
        throw pattern.Bad("{\"String\": ...} with some text");
    }

    /// <summary>A scanner of the pattern; hand-written where the pattern is a published one.</summary>
    public static IWordScanner ReadRegex(JsonField pattern, bool keepsGaps)
    {
        var regex = pattern["Regex"].AsString();
        try
        {
            return PublishedPatterns.Find(regex) ?? new RegexScanner(regex, keepsGaps);
        }
        catch (ArgumentException e)
        {
            throw pattern["Regex"].Bad("a pattern that .NET cannot read (" + e.Message + ")", "a regular expression in .NET's syntax");
        }
    }
}
