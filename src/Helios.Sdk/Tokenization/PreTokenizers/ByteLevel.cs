using System.Text;

namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>Writes every word in <see cref="ByteLevelAlphabet"/>.</summary>
internal sealed class ByteLevel : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < words.Count; i++)
        {
            foreach (var rune in words[i].EnumerateRunes())
            {
                var length = rune.EncodeToUtf8(utf8);
                for (var b = 0; b < length; b++) into.Append(ByteLevelAlphabet.ToChar(utf8[b]));
            }

            into.EndWord();
        }
    }
}

/// <summary>Puts a space before every word that has none.</summary>
internal sealed class PrefixSpace : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] is not [' ', ..]) into.Append(' ');
            into.AddWord(words[i]);
        }
    }

    /// <inheritdoc/>
    public CutEffect CutBefore(char space) => space == ' ' ? CutEffect.CutsWord : CutEffect.Changes;
}
