using System.Text;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>Text as .NET has it, made Unicode text.</summary>
internal static class Utf16
{
    /// <summary>Halves of surrogate pairs, which no UTF-8 can hold, become U+FFFD.</summary>
    public static string ReplaceLoneSurrogates(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) clean.Append(rune);
        return clean.ToString();
    }
}
