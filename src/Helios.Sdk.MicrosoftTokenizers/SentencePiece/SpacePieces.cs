using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.MicrosoftTokenizers.SentencePiece;

/// <summary>
/// Cuts text where a ▁ stands behind another character: no piece reaches over such a place, so that the words of a text are encoded each
/// for itself. Where some piece does reach over one, the text is left whole.
/// </summary>
/// <param name="piecesReachOver">Whether some piece has a ▁ behind another character.</param>
internal sealed class SpacePieces(bool piecesReachOver) : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            var done = 0;
            for (var at = 1; at < word.Length && !piecesReachOver; at++)
            {
                if (word[at] != MergeTable.Space || word[at - 1] == MergeTable.Space) continue;
                into.AddWord(word[done..at]);
                done = at;
            }

            into.AddWord(word[done..]);
        }
    }

    /// <inheritdoc/>
    public CutEffect CutBefore(char space) => space == MergeTable.Space && !piecesReachOver ? CutEffect.None : CutEffect.Changes;
}

/// <summary>Takes spaces from the ends, and leaves one of each run.</summary>
internal sealed class ExtraSpaces : INormalizer
{
    public double MaxShrink => 1;

    public bool KeepsSpaces => false;

    public string Normalize(string text, TextEnds ends = TextEnds.Both)
    {
        var joined = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        if (joined.Length == 0) return "";
        if (text[0] == ' ' && !ends.HasFlag(TextEnds.Start)) joined = " " + joined;
        return text[^1] == ' ' && !ends.HasFlag(TextEnds.End) ? joined + " " : joined;
    }

    public char? CutBefore(char space) => space;
}
