namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>What becomes of the matches of a pattern that text is split at; the names are Hugging Face's.</summary>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a word.</summary>
    Isolated,

    /// <summary>Each ends the word before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the word behind it.</summary>
    MergedWithNext,

    /// <summary>Those that touch are one word.</summary>
    Contiguous,
}

/// <summary>Cuts every word at the matches of a pattern.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">What becomes of its matches.</param>
/// <param name="invert">Whether what is between matches counts as them, and they as what is between.</param>
internal sealed class PatternSplit(IPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public bool Drops => behavior == SplitBehavior.Removed;

    public void Apply(WordList words, bool atStart, WordList into)
    {
        var pieces = new List<PatternPiece>();
        for (var i = 0; i < words.Count; i++)
        {
            pieces.Clear();
            pattern.Cut(words[i], pieces);
            for (var p = 0; p < pieces.Count; p++)
            {
                if (behavior == SplitBehavior.Removed && IsMatch(pieces[p])) continue;
                into.Append(words[i].Slice(pieces[p].Start, pieces[p].Length));
                if (p + 1 == pieces.Count || !Joins(pieces, p)) into.EndWord();
            }
        }
    }

    /// <summary>No match holds the character behind the cut, so that matches on both sides are the same; what they join to may be cut.</summary>
    public CutEffect CutBefore(char space) => pattern.Ignores(space) ? CutEffect.CutsWord : CutEffect.Changes;

    /// <summary>Whether a piece and the next one are one word. Of several matches in a row the first ends a word, the last begins one.</summary>
    private bool Joins(List<PatternPiece> pieces, int at)
    {
        var (left, right) = (IsMatch(pieces[at]), IsMatch(pieces[at + 1]));
        return behavior switch
        {
            SplitBehavior.MergedWithPrevious => !left && right,
            SplitBehavior.MergedWithNext => left && !right,
            SplitBehavior.Contiguous => left == right,
            _ => false,
        };
    }

    private bool IsMatch(PatternPiece piece) => piece.IsMatch != invert;
}
