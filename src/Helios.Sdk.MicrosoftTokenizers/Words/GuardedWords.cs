using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.MicrosoftTokenizers.Words;

/// <summary>
/// Encodes words so that their letters never make a guarded token, by an encoder that knows nothing of these. A word in which it finds one is
/// cut inside of that token's letters wherever they stand, so no part has them all. Each guarded token is met once at most: words are encoded
/// as often as they have different guarded tokens, however many there are of each.
/// </summary>
/// <param name="vocabulary">The tokens, and which are guarded.</param>
/// <param name="encode">Ids of a word.</param>
internal sealed class GuardedWords(Vocabulary vocabulary, GuardedWords.Encoder encode)
{
    /// <summary>A token of one character is left alone: a text cannot have that character otherwise.</summary>
    private readonly Dictionary<int, string> lettersOf = vocabulary.Added.Where(token => token.Guarded && token.Content.Length > FirstCharacter(token.Content)).ToDictionary(token => token.Id, token => token.Content);

    /// <summary>Ids of a word that is not empty.</summary>
    public delegate IReadOnlyList<int> Encoder(ReadOnlySpan<char> word);

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.IsEmpty) return;
        var found = encode(word);
        for (var i = 0; i < found.Count; i++)
        {
            if (!lettersOf.TryGetValue(found[i], out var letters)) continue;
            EncodeApart(word, letters, ids);
            return;
        }

        ids.AddRange(found);
    }

    private void EncodeApart(ReadOnlySpan<char> word, string letters, List<int> ids)
    {
        var isThere = false;
        for (var at = 0; (at = word.IndexOf(letters)) >= 0; isThere = true)
        {
            var cut = at + FirstCharacter(word[at..]);
            Encode(word[..cut], ids);
            word = word[cut..];
        }

        if (isThere) Encode(word, ids);
        else throw new InvalidOperationException($"A token of the encoder's is not the letters '{letters}' that the vocabulary has for it.");
    }

    private static int FirstCharacter(ReadOnlySpan<char> text) => text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;
}
