using System.Buffers;
using System.Text;
using Helios.Sdk.Tokenization.Normalizers;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Bpe;

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

    public required IWordModel Model { get; init; }

    public required SpecialIds Around { get; init; }

    public required TokenBytes Bytes { get; init; }

    public required bool StripsLeadingSpace { get; init; }
}

/// <summary>Words to ids. Thread-safe.</summary>
internal interface IWordModel
{
    /// <summary>Appends the ids of one word, of which none is a guarded token's.</summary>
    /// <param name="word">A word, not empty.</param>
    /// <param name="buffer">The caller's working memory.</param>
    /// <param name="ids">Where to.</param>
    void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids);
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

    public IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(verbatim);
        return Encode(text, new VerbatimParts(verbatim, text.Length), addSpecialTokens, new MergeBuffer())!;
    }

    public IReadOnlyList<int>? EncodeUpTo(int mostIds, string text, IReadOnlyList<TextSpan> verbatim, bool addSpecialTokens = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(verbatim);
        var said = verbatim.Count == 0 ? VerbatimParts.None : new VerbatimParts(verbatim, text.Length);
        return Encode(text, said, addSpecialTokens, new MergeBuffer { Limit = new EncodingLimit(mostIds, cancellationToken) });
    }

    /// <summary>Encodes with a buffer that counts the operations.</summary>
    internal List<int> Encode(string text, bool addSpecialTokens, MergeBuffer merges)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text, VerbatimParts.None, addSpecialTokens, merges)!;
    }

    /// <summary>Null when there are more ids than the limit of the buffer says.</summary>
    private List<int>? Encode(string text, VerbatimParts verbatim, bool addSpecialTokens, MergeBuffer merges)
    {
        var ids = new List<int>(16 + Math.Min(text.Length / 3, merges.Limit.MostIds));
        if (addSpecialTokens) ids.AddRange(parts.Around.Before);
        text = Utf16.ReplaceLoneSurrogates(text);
        var words = new WordCutter(parts.PreTokenizers);
        foreach (var piece in parts.WrittenTokens.Cut(text, verbatim))
        {
            if (piece.TokenId is { } id) ids.Add(id);
            else EncodePiece(text[piece.Start..piece.End], verbatim.Within(piece.Start, piece.End), piece.Start == 0, words, merges, ids);
            if (merges.Limit.IsPassed(ids.Count)) return null;
        }

        if (addSpecialTokens) ids.AddRange(parts.Around.Behind);
        return merges.Limit.IsPassed(ids.Count) ? null : ids;
    }

    private void EncodePiece(string written, List<TextSpan> verbatim, bool atStart, WordCutter cutter, MergeBuffer merges, List<int> ids)
    {
        var text = parts.Normalizer.Normalize(written);
        foreach (var piece in parts.NormalizedTokens.Cut(text, InNormalized(written, verbatim, text)))
        {
            if (merges.Limit.IsPassed(ids.Count)) return;
            if (piece.TokenId is { } id)
            {
                ids.Add(id);
                continue;
            }

            var words = cutter.Cut(text.AsSpan(piece.Start, piece.End - piece.Start), atStart && piece.Start == 0);
            for (var i = 0; i < words.Count && !merges.Limit.IsPassed(ids.Count); i++) parts.Model.Encode(words[i], merges, ids);
        }
    }

    /// <summary>
    /// Where verbatim parts lie once a text is normalized. Should its stretches, normalized one by one, not make up the normalized
    /// whole, no place in it can be distinguished from another, and all of it counts as verbatim.
    /// </summary>
    private VerbatimParts InNormalized(string written, List<TextSpan> verbatim, string normalized)
    {
        if (verbatim.Count == 0 || !parts.NormalizedTokens.HasGuarded) return VerbatimParts.None;
        var spans = new List<TextSpan>();
        var whole = new StringBuilder();
        var done = 0;
        foreach (var span in verbatim)
        {
            whole.Append(NormalizeStretch(written[done..span.Start], done));
            var part = NormalizeStretch(written[span.Start..span.End], span.Start);
            spans.Add(new TextSpan(whole.Length, part.Length));
            whole.Append(part);
            done = span.End;
        }

        whole.Append(NormalizeStretch(written[done..], done));
        return whole.Equals(normalized) ? new VerbatimParts(spans, normalized.Length) : new VerbatimParts([new TextSpan(0, normalized.Length)], normalized.Length);
    }

    /// <summary>A stretch as it looks behind a letter, so that what goes before a text does not go before each of its stretches.</summary>
    private string NormalizeStretch(string stretch, int start)
    {
        const string letter = "x";
        if (start == 0 || stretch.Length == 0) return parts.Normalizer.Normalize(stretch);
        var before = parts.Normalizer.Normalize(letter);
        var behind = parts.Normalizer.Normalize(letter + stretch);
        return behind.StartsWith(before, StringComparison.Ordinal) ? behind[before.Length..] : behind;
    }

    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, Invariant($"Ids of this tokenizer are below {VocabularySize}."));
            if (!(skipSpecialTokens && parts.Bytes.IsSpecial(id))) bytes.Write(parts.Bytes[id]);
        }

        var text = bytes.WrittenSpan;
        return Encoding.UTF8.GetString(StripsLeadingSpace && text.StartsWith(" "u8) ? text[1..] : text);
    }

    public ReadOnlySpan<byte> GetBytes(int id) => parts.Bytes.IsSpecial(id) ? [] : parts.Bytes[id];
}
