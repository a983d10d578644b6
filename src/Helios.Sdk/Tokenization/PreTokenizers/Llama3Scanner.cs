namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>The words of <see cref="PublishedPatterns.Llama3"/> and <see cref="PublishedPatterns.Qwen2"/>, by one pass over the text.</summary>
/// <param name="longestNumber">Most digits of a word.</param>
internal sealed class Llama3Scanner(int longestNumber) : IWordScanner
{
    public void Scan(ReadOnlySpan<char> text, WordList into)
    {
        for (int at = 0, end; at < text.Length; at = end)
        {
            end = EndOfWord(text, at);
            into.AddWord(text[at..end]);
        }
    }

    private int EndOfWord(ReadOnlySpan<char> text, int at)
    {
        if (Contraction(text[at..]) is > 0 and var contraction) return at + contraction;
        var first = Classes.Of(text, at, out var length);
        if (first == RuneClass.Number) return EndOfNumber(text, at);

        // "[^\r\n\p{L}\p{N}]?\p{L}+": one sign or space goes with the letters behind it.
        var letters = first == RuneClass.Letter || text[at] is '\r' or '\n' ? at : at + length;
        var end = Classes.SkipWhile(text, letters, RuneClass.Letter);
        if (end > letters) return end;

        // " ?[^\s\p{L}\p{N}]+[\r\n]*"
        var signs = text[at] == ' ' ? at + 1 : at;
        end = Classes.SkipWhile(text, signs, RuneClass.Other);
        if (end > signs) return end + LineEnds(text[end..]);

        // "\s*[\r\n]+": white space up to its last line end.
        end = Classes.SkipWhile(text, at, RuneClass.Space);
        var lineEnd = text[at..end].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? at + lineEnd + 1 : Gpt2Scanner.EndOfSpaces(text, at);
    }

    private int EndOfNumber(ReadOnlySpan<char> text, int at)
    {
        for (var digits = 0; digits < longestNumber && at < text.Length; digits++)
        {
            if (Classes.Of(text, at, out var length) != RuneClass.Number) break;
            at += length;
        }

        return at;
    }

    private static int LineEnds(ReadOnlySpan<char> text) =>
        text.IndexOfAnyExcept('\r', '\n') is >= 0 and var length ? length : text.Length;

    /// <summary>Cases are folded as Unicode says: the long s is an s.</summary>
    private static int Contraction(ReadOnlySpan<char> text) => text switch
    {
        ['\'', 's' or 'S' or 'ſ' or 't' or 'T' or 'm' or 'M' or 'd' or 'D', ..] => 2,
        ['\'', 'r' or 'R' or 'v' or 'V', 'e' or 'E', ..] or ['\'', 'l' or 'L', 'l' or 'L', ..] => 3,
        _ => 0,
    };
}
