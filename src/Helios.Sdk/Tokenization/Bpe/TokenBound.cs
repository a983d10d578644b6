namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>
/// How many ids a text has at least, found by counting its characters: no id stands for more of them than the longest token, and no
/// stage of the tokenizer leaves any out. Immutable.
/// </summary>
internal sealed class TokenBound(BpeTokenizerParts parts)
{
    /// <summary>Most UTF-16 units that one id stands for; infinite when there is no bound.</summary>
    private readonly double longest = parts.PreTokenizers.Any(stage => stage.Drops)
        ? double.PositiveInfinity
        : Math.Max(parts.Normalizer.MaxShrink * Math.Max(parts.Model.LongestToken, parts.NormalizedTokens.Longest), parts.WrittenTokens.Longest);

    /// <summary>Whether white space has ids too, rather than being left out or swallowed by tokens beside it.</summary>
    private readonly bool countsSpaces = parts.Normalizer.KeepsSpaces && !parts.NormalizedTokens.Strips && !parts.WrittenTokens.Strips;

    /// <summary>So many ids the text has at least; 0 where nothing can be said.</summary>
    public long CountAtLeast(string text) => double.IsFinite(longest) ? (long)Math.Ceiling((countsSpaces ? text.Length : CountVisible(text)) / longest) : 0;

    /// <summary>Whether the text has certainly more ids than these. A text that is not long is not looked at.</summary>
    public bool Passes(string text, int ids) => text.Length / longest > ids && CountAtLeast(text) > ids;

    private static int CountVisible(string text)
    {
        var visible = 0;
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c)) visible++;
        }

        return visible;
    }
}
