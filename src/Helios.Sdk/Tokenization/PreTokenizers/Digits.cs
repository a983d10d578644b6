namespace Helios.Sdk.Tokenization.PreTokenizers;

/// <summary>Numbers become words of their own, each digit for itself or as a run.</summary>
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
                var isDigit = Classes.Of(word, at, out length) == RuneClass.Number;
                if (isDigit != wasDigit || (isDigit && individual)) into.EndWord();
                into.Append(word.Slice(at, length));
                wasDigit = isDigit;
            }

            into.EndWord();
        }
    }
}
