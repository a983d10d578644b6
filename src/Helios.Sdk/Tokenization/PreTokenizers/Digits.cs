namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>Numbers, as Unicode 17 has them, become words of their own, each digit for itself or as a run.</summary>
internal sealed class Digits(bool individual) : IPreTokenizer
{
    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            var wasDigit = false;
            for (int at = 0, length; at < word.Length; at += length)
            {
                var isDigit = Classes.Of(word, at, out length) == RuneClass.Number || (length == 2 && IsLate(char.ConvertToUtf32(word[at], word[at + 1])));
                if (isDigit != wasDigit || (isDigit && individual)) into.EndWord();
                into.Append(word.Slice(at, length));
                wasDigit = isDigit;
            }

            into.EndWord();
        }
    }

    /// <inheritdoc/>
    public CutEffect CutBefore(char space) => CutEffect.CutsWord;

    /// <summary>Digits that .NET 10 does not know yet.</summary>
    private static bool IsLate(int character) => character is (>= 0x11DE0 and <= 0x11DE9) or (>= 0x16FF4 and <= 0x16FF6);
}
