namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>One stage on the way from text to the words that BPE works in. Stateless.</summary>
internal interface IPreTokenizer
{
    /// <summary>Writes the words that the given ones become.</summary>
    /// <param name="words">What the stage before left.</param>
    /// <param name="atStart">Whether the first of them starts the whole text.</param>
    /// <param name="into">An empty list.</param>
    void Apply(WordList words, bool atStart, WordList into);
}

/// <summary>Runs the stages one behind the other; the working memory of one encoding.</summary>
internal sealed class WordCutter(IReadOnlyList<IPreTokenizer> stages)
{
    private WordList from = new();
    private WordList into = new();

    /// <summary>The words of a text; valid until the next call.</summary>
    public WordList Cut(ReadOnlySpan<char> text, bool atStart)
    {
        from.Clear();
        from.AddWord(text);
        foreach (var stage in stages)
        {
            into.Clear();
            stage.Apply(from, atStart, into);
            (from, into) = (into, from);
        }

        return from;
    }
}
