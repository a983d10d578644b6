using System.Buffers;
using System.Text;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization;

/// <summary>What a tokenizer is made of, in the order in which text passes through.</summary>
internal sealed record BpeTokenizerParts
{
    public required string Fingerprint { get; init; }

    /// <summary>Added tokens found in the text as written.</summary>
    public required AddedTokenMatcher WrittenTokens { get; init; }

    public required INormalizer Normalizer { get; init; }

    /// <summary>Added tokens found in normalized text.</summary>
    public required AddedTokenMatcher NormalizedTokens { get; init; }

    public required IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; }

    public required BpeModel Model { get; init; }

    public required SpecialIds Around { get; init; }

    public required TokenBytes Bytes { get; init; }

    public required bool StripsLeadingSpace { get; init; }
}

/// <summary>Ids that the post-processor puts before and behind a text.</summary>
internal sealed record SpecialIds(IReadOnlyList<int> Before, IReadOnlyList<int> Behind);

/// <summary>
/// A Hugging Face BPE tokenizer: added tokens, normalizer, added tokens again, pre-tokenizers, BPE, post-processor.
/// Immutable: working memory belongs to the call.
/// </summary>
internal sealed class BpeTokenizer(BpeTokenizerParts parts) : ITokenizer
{
    public int VocabularySize => parts.Bytes.Count;

    public string Fingerprint => parts.Fingerprint;

    public bool StripsLeadingSpace => parts.StripsLeadingSpace;

    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true) => Encode(text, addSpecialTokens, new MergeBuffer());

    /// <summary>Encodes with a buffer that counts the operations.</summary>
    internal List<int> Encode(string text, bool addSpecialTokens, MergeBuffer merges)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(16 + (text.Length / 3));
        if (addSpecialTokens) ids.AddRange(parts.Around.Before);
        text = Utf16.ReplaceLoneSurrogates(text);
        var words = new WordCutter(parts.PreTokenizers);
        foreach (var piece in parts.WrittenTokens.Cut(text))
        {
            if (piece.TokenId is { } id) ids.Add(id);
            else EncodePiece(text[piece.Start..piece.End], piece.Start == 0, words, merges, ids);
        }

        if (addSpecialTokens) ids.AddRange(parts.Around.Behind);
        return ids;
    }

    private void EncodePiece(string text, bool atStart, WordCutter cutter, MergeBuffer merges, List<int> ids)
    {
        text = parts.Normalizer.Normalize(text);
        foreach (var piece in parts.NormalizedTokens.Cut(text))
        {
            if (piece.TokenId is { } id)
            {
                ids.Add(id);
                continue;
            }

            var words = cutter.Cut(text.AsSpan(piece.Start, piece.End - piece.Start), atStart && piece.Start == 0);
            for (var i = 0; i < words.Count; i++) parts.Model.Encode(words[i], merges, ids);
        }
    }

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"Ids of this tokenizer are below {VocabularySize}.");
            if (!(skipSpecialTokens && parts.Bytes.IsSpecial(id))) bytes.Write(parts.Bytes[id]);
        }

        var text = bytes.WrittenSpan;
        return Encoding.UTF8.GetString(StripsLeadingSpace && text.StartsWith(" "u8) ? text[1..] : text);
    }

    public ReadOnlySpan<byte> GetBytes(int id) => parts.Bytes.IsSpecial(id) ? [] : parts.Bytes[id];
}
