namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>Cuts text into the matches of a pattern. Stateless.</summary>
internal interface IWordScanner
{
    /// <summary>Adds the words of a text.</summary>
    void Scan(ReadOnlySpan<char> text, WordList into);
}

/// <summary>Cuts every word by a pattern.</summary>
internal sealed class Split(IWordScanner scanner) : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++) scanner.Scan(words[i], into);
    }

    /// <summary>All published patterns end a word before white space that a letter or digit precedes, and before a space whatever precedes it.</summary>
    public CutEffect CutBefore(char space) => space is ' ' or '\n' ? CutEffect.None : CutEffect.Changes;
}
