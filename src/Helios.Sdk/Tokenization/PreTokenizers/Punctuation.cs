using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>Each punctuation mark: the signs of ASCII, and what Unicode 8 calls punctuation, as in Hugging Face.</summary>
internal sealed class Punctuation : IPattern
{
    /// <summary>First and last of what became punctuation, or came into Unicode, later.</summary>
    private static readonly (int First, int Last)[] Later =
    [
        (0x061D, 0x061D), (0x09FD, 0x09FD), (0x0A76, 0x0A76), (0x0C77, 0x0C77), (0x0C84, 0x0C84), (0x1B4E, 0x1B4F),
        (0x1B7D, 0x1B7F), (0x2E43, 0x2E4F), (0x2E52, 0x2E5D), (0x10D6E, 0x10D6E), (0x10EAD, 0x10EAD), (0x10F55, 0x10F59),
        (0x10F86, 0x10F89), (0x113D4, 0x113D5), (0x113D7, 0x113D8), (0x1144B, 0x1144F), (0x1145A, 0x1145B), (0x1145D, 0x1145D),
        (0x11660, 0x1166C), (0x116B9, 0x116B9), (0x1183B, 0x1183B), (0x11944, 0x11946), (0x119E2, 0x119E2), (0x11A3F, 0x11A46),
        (0x11A9A, 0x11A9C), (0x11A9E, 0x11AA2), (0x11B00, 0x11B09), (0x11BE1, 0x11BE1), (0x11C41, 0x11C45), (0x11C70, 0x11C71),
        (0x11EF7, 0x11EF8), (0x11F43, 0x11F4F), (0x11FFF, 0x11FFF), (0x12FF1, 0x12FF2), (0x16D6D, 0x16D6F), (0x16E97, 0x16E9A),
        (0x16FE2, 0x16FE2), (0x1E5FF, 0x1E5FF), (0x1E95E, 0x1E95F),
    ];

    public void Cut(ReadOnlySpan<char> text, List<PatternPiece> into)
    {
        var done = 0;
        for (int at = 0, length; at < text.Length; at += length)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out length);
            if (!IsPunctuation(rune)) continue;
            if (done < at) into.Add(new PatternPiece(done, at - done, false));
            into.Add(new PatternPiece(at, length, true));
            done = at + length;
        }

        if (done < text.Length) into.Add(new PatternPiece(done, text.Length - done, false));
    }

    public bool Ignores(char character) => !char.IsSurrogate(character) && !IsPunctuation(new Rune(character));

    private static bool IsPunctuation(Rune rune)
    {
        if (rune.IsAscii) return rune.Value is > ' ' and < 0x7F && !char.IsAsciiLetterOrDigit((char)rune.Value);
        if (rune.Value is 0x166D or 0x111C9) return true; // signs no more
        return Rune.GetUnicodeCategory(rune) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation && !IsLater(rune.Value);
    }

    private static bool IsLater(int character)
    {
        var (low, high) = (0, Later.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Later[middle].Last < character) low = middle + 1;
            else high = middle;
        }

        return low < Later.Length && Later[low].First <= character;
    }
}
