namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>What it does to a stage that its text is cut before a space or line end, which stands behind neither white space nor ▁.</summary>
internal enum CutEffect
{
    /// <summary>The words may differ.</summary>
    Changes,

    /// <summary>The words are the same, but for the one that holds the cut, if one does: that is cut there.</summary>
    CutsWord,

    /// <summary>The words are the same: one ends there in any case.</summary>
    None,
}

/// <summary>One stage on the way from text to the words that BPE works in. Stateless.</summary>
internal interface IPreTokenizer
{
    /// <summary>Writes the words that the given ones become.</summary>
    /// <param name="words">What the stage before left.</param>
    /// <param name="atStart">Whether the first of them starts the whole text.</param>
    /// <param name="into">An empty list.</param>
    void Apply(WordList words, bool atStart, WordList into);

    /// <summary>Whether characters other than white space may be left out.</summary>
    bool Drops => false;

    /// <summary>What a cut does to its words.</summary>
    /// <param name="space">The character behind the cut: a space, a line end, or ▁.</param>
    CutEffect CutBefore(char space) => CutEffect.Changes;
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
