using System.Text;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.PreTokenizers;
using Microsoft.ML.Tokenizers;

namespace Helios.Sdk.MicrosoftTokenizers.Tiktoken;

/// <summary>Words to ids by Microsoft's encoder of ranks; it knows no special tokens, so that no letters make one. Thread-safe.</summary>
/// <param name="tokenizer">Microsoft's, with a token for each byte.</param>
/// <param name="longestToken">Bytes of its longest token.</param>
internal sealed class TiktokenModel(TiktokenTokenizer tokenizer, int longestToken) : IWordModel
{
    public double LongestToken => longestToken;

    public void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids) =>
        ids.AddRange(tokenizer.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
}

/// <summary>Cuts words that are too long: the encoder takes time in proportion to the square of a word's length.</summary>
internal sealed class WordLimit : IPreTokenizer
{
    /// <summary>Most characters of a word.</summary>
    public const int Longest = 1024;

    public void Apply(WordList words, bool atStart, WordList into)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            while (word.Length > Longest)
            {
                var cut = char.IsHighSurrogate(word[Longest - 1]) ? Longest - 1 : Longest;
                into.AddWord(word[..cut]);
                word = word[cut..];
            }

            into.AddWord(word);
        }
    }
}
