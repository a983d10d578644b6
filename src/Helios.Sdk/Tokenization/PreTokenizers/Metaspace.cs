namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>When <see cref="Metaspace"/> puts its character before a word.</summary>
internal enum PrependScheme
{
    /// <summary>Before every word that does not start with it.</summary>
    Always,

    /// <summary>Only where the text starts.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>Spaces become ▁, and words, if so wished, start at each of them.</summary>
internal sealed class Metaspace(char replacement, PrependScheme scheme, bool split) : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            var prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && atStart && i == 0);
            if (prepends && word[0] != ' ' && word[0] != replacement) into.Append(replacement);
            for (var c = 0; c < word.Length; c++)
            {
                var isSpace = word[c] == ' ' || word[c] == replacement;
                if (isSpace && split) into.EndWord();
                into.Append(isSpace ? replacement : word[c]);
            }

            into.EndWord();
        }
    }

    /// <summary>A word that begins with a space gets no other.</summary>
    public CutEffect CutBefore(char space) => split && (space == ' ' || space == replacement) ? CutEffect.None : CutEffect.Changes;
}
