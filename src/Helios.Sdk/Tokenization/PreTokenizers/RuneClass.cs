using System.Globalization;

namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>What the published patterns distinguish: <c>\p{L}</c>, <c>\p{N}</c>, <c>\s</c> and the rest.</summary>
internal enum RuneClass : byte
{
    Letter,
    Number,
    Space,
    Other,
}

/// <summary>Classes of characters, surrogate pairs taken whole (which .NET's own regular expressions do not do).</summary>
internal static class Classes
{
    private static readonly RuneClass[] Bmp = [.. Enumerable.Range(0, 0x10000).Select(c => Compute(c))];

    /// <summary>The class of the character at a place of well-formed text, and its length there.</summary>
    public static RuneClass Of(ReadOnlySpan<char> text, int at, out int length)
    {
        var c = text[at];
        length = 1;
        if (!char.IsHighSurrogate(c) || at + 1 == text.Length) return Bmp[c];
        length = 2;
        return Compute(char.ConvertToUtf32(c, text[at + 1]));
    }

    /// <summary>Where the run of characters of a class ends.</summary>
    public static int SkipWhile(ReadOnlySpan<char> text, int at, RuneClass wanted)
    {
        for (int length; at < text.Length && Of(text, at, out length) == wanted; at += length)
        {
        }

        return at;
    }

    private static RuneClass Compute(int rune) => CharUnicodeInfo.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.OtherLetter => RuneClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => RuneClass.Number,
        _ when rune <= char.MaxValue && char.IsWhiteSpace((char)rune) => RuneClass.Space,
        _ => RuneClass.Other,
    };
}
