namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>Text as .NET has it, made Unicode text.</summary>
internal static class Utf16
{
    private const char Replacement = '\uFFFD';

    /// <summary>Halves of surrogate pairs, which no UTF-8 can hold, become U+FFFD. The length stays.</summary>
    public static string ReplaceLoneSurrogates(string text)
    {
        var first = FirstLone(text, 0);
        if (first < 0) return text;
        return string.Create(text.Length, text, static (clean, written) =>
        {
            written.CopyTo(clean);
            for (var at = FirstLone(written, 0); at >= 0; at = FirstLone(written, at + 1)) clean[at] = Replacement;
        });
    }

    /// <summary>The first unit from a place on that is half of a pair; -1 when there is none.</summary>
    private static int FirstLone(ReadOnlySpan<char> text, int from)
    {
        while (text[from..].IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and var skipped)
        {
            from += skipped;
            if (from + 1 == text.Length || !char.IsSurrogatePair(text[from], text[from + 1])) return from;
            from += 2;
        }

        return -1;
    }
}
