namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>The words of <see cref="PublishedPatterns.Gpt2"/>, by one pass over the text.</summary>
internal sealed class Gpt2Scanner : IWordScanner
{
    public void Scan(ReadOnlySpan<char> text, WordList into)
    {
        for (int at = 0, end; at < text.Length; at = end)
        {
            end = EndOfWord(text, at);
            into.AddWord(text[at..end]);
        }
    }

    private static int EndOfWord(ReadOnlySpan<char> text, int at)
    {
        if (Contraction(text[at..]) is > 0 and var length) return at + length;

        // " ?\p{L}+", " ?\p{N}+", " ?[^\s\p{L}\p{N}]+": a space goes with what follows it.
        var start = text[at] == ' ' ? at + 1 : at;
        if (start < text.Length && Classes.Of(text, start, out _) is not RuneClass.Space and var word)
            return Classes.SkipWhile(text, start, word);

        return EndOfSpaces(text, at);
    }

    /// <summary>"\s+(?!\S)|\s+": of several spaces the last is left to the word behind them.</summary>
    internal static int EndOfSpaces(ReadOnlySpan<char> text, int at)
    {
        var end = Classes.SkipWhile(text, at, RuneClass.Space);
        return end == text.Length || end == at + 1 ? end : end - 1;
    }

    private static int Contraction(ReadOnlySpan<char> text) => text switch
    {
        ['\'', 's' or 't' or 'm' or 'd', ..] => 2,
        ['\'', 'r' or 'v', 'e', ..] or ['\'', 'l', 'l', ..] => 3,
        _ => 0,
    };
}
