using System.Text;
using Helios.Sdk.MicrosoftTokenizers.Words;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.PreTokenizers;
using Microsoft.ML.Tokenizers;

namespace Helios.Sdk.MicrosoftTokenizers.Tiktoken;

/// <summary>Words to ids by Microsoft's encoder of ranks. A file of ranks may have special tokens too: no letters make one. Thread-safe.</summary>
/// <param name="tokenizer">Microsoft's, with a token for each byte.</param>
/// <param name="longestToken">Bytes of its longest token.</param>
/// <param name="vocabulary">The tokens, and which are guarded.</param>
internal sealed class TiktokenModel(TiktokenTokenizer tokenizer, int longestToken, Vocabulary vocabulary) : IWordModel
{
    private readonly GuardedWords words = new(vocabulary, word => tokenizer.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));

    public double LongestToken => longestToken;

    public void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids) => words.Encode(word, ids);
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
