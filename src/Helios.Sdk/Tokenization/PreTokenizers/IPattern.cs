namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>A piece of text: a match of a pattern, or what is between matches.</summary>
internal readonly record struct PatternPiece(int Start, int Length, bool IsMatch)
{
    /// <summary>The unit behind the last one.</summary>
    public int End => Start + Length;
}

/// <summary>Cuts text into matches and what is between them. Stateless.</summary>
internal interface IPattern
{
    /// <summary>
    /// Adds the pieces of a text, in order, without a gap. Only a match may be empty: it parts what is before it from what is behind.
    /// </summary>
    void Cut(ReadOnlySpan<char> text, List<PatternPiece> into);

    /// <summary>Whether a character is never part of a match, nor has to do with where others match.</summary>
    bool Ignores(char character) => false;
}

/// <summary>A string, wherever it occurs.</summary>
/// <param name="text">The string; not empty.</param>
internal sealed class LiteralPattern(string text) : IPattern
{
    public string Text => text;

    public bool Ignores(char character) => !text.Contains(character, StringComparison.Ordinal);

    public void Cut(ReadOnlySpan<char> text, List<PatternPiece> into)
    {
        var done = 0;
        for (int at; (at = text[done..].IndexOf(Text, StringComparison.Ordinal)) >= 0; done += at + Text.Length)
        {
            if (at > 0) into.Add(new PatternPiece(done, at, false));
            into.Add(new PatternPiece(done + at, Text.Length, true));
        }

        if (done < text.Length) into.Add(new PatternPiece(done, text.Length - done, false));
    }
}
