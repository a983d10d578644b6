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

    /// <summary>Characters of a long text that are encoded at a time, at least, where the text may be cut.</summary>
    public int PartLength { get; init; } = 1 << 14;
}

/// <summary>Words to ids. Thread-safe.</summary>
internal interface IWordModel
{
    /// <summary>Most UTF-16 units of a word that one id stands for; infinite when there is no bound.</summary>
    double LongestToken { get; }

    /// <summary>Whether the parts of a word that is cut before a ▁ behind another character have the ids of the whole.</summary>
    /// <param name="space">The character behind the cut.</param>
    bool CanCutBefore(char space) => false;

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
/// Immutable: working memory belongs to the call. A long text is encoded part by part where that gives the ids of the whole.
/// </summary>
internal sealed class BpeTokenizer(BpeTokenizerParts parts) : ITokenizer
{
    private readonly TextCuts cuts = new(parts);
    private readonly TokenBound bound = new(parts);

    public int VocabularySize => parts.Bytes.Count;

    public string Fingerprint => parts.Fingerprint;

    public bool StripsLeadingSpace => parts.StripsLeadingSpace;

    /// <summary>What it is made of, for tests.</summary>
    internal BpeTokenizerParts Parts => parts;

    public long CountAtLeast(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return bound.CountAtLeast(text);
    }

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
        cancellationToken.ThrowIfCancellationRequested();
        if (bound.Passes(text, mostIds)) return null;
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
        var words = new WordCutter(parts.PreTokenizers);
        foreach (var piece in parts.WrittenTokens.Cut(text, verbatim))
        {
            if (piece.TokenId is { } id) ids.Add(id);
            for (int start = piece.Start, end; piece.TokenId is null && start < piece.End && !merges.Limit.IsPassed(ids.Count); start = end)
            {
                end = cuts.EndOfPart(text, start, piece.End);
                var ends = (start == piece.Start ? TextEnds.Start : TextEnds.None) | (end == piece.End ? TextEnds.End : TextEnds.None);
                EncodePart(new WrittenPart(Utf16.ReplaceLoneSurrogates(text[start..end]), verbatim.Within(start, end), ends, start == 0), words, merges, ids);
            }

            if (merges.Limit.IsPassed(ids.Count)) return null;
        }

        if (addSpecialTokens) ids.AddRange(parts.Around.Behind);
        return merges.Limit.IsPassed(ids.Count) ? null : ids;
    }

    private void EncodePart(WrittenPart part, WordCutter cutter, MergeBuffer merges, List<int> ids)
    {
        var text = parts.Normalizer.Normalize(part.Text, part.Ends);
        foreach (var piece in parts.NormalizedTokens.Cut(text, InNormalized(part, text)))
        {
            if (merges.Limit.IsPassed(ids.Count)) return;
            if (piece.TokenId is { } id)
            {
                ids.Add(id);
                continue;
            }

            var words = cutter.Cut(text.AsSpan(piece.Start, piece.End - piece.Start), part.StartsText && piece.Start == 0);
            for (var i = 0; i < words.Count && !merges.Limit.IsPassed(ids.Count); i++) parts.Model.Encode(words[i], merges, ids);
        }
    }

    /// <summary>
    /// Where verbatim parts lie once a text is normalized. Should its stretches, normalized one by one, not make up the normalized
    /// whole, no place in it can be distinguished from another, and all of it counts as verbatim.
    /// </summary>
    private VerbatimParts InNormalized(WrittenPart part, string normalized)
    {
        var (written, verbatim) = (part.Text, part.Verbatim);
        if (verbatim.Count == 0 || !parts.NormalizedTokens.HasGuarded) return VerbatimParts.None;
        var spans = new List<TextSpan>();
        var whole = new StringBuilder();
        var done = 0;
        foreach (var span in verbatim)
        {
            whole.Append(NormalizeStretch(written[done..span.Start], done, part.Ends));
            var said = NormalizeStretch(written[span.Start..span.End], span.Start, part.Ends);
            spans.Add(new TextSpan(whole.Length, said.Length));
            whole.Append(said);
            done = span.End;
        }

        whole.Append(NormalizeStretch(written[done..], done, part.Ends));
        return whole.Equals(normalized) ? new VerbatimParts(spans, normalized.Length) : new VerbatimParts([new TextSpan(0, normalized.Length)], normalized.Length);
    }

    /// <summary>A stretch as it looks behind a letter, so that what goes before a text does not go before each of its stretches.</summary>
    private string NormalizeStretch(string stretch, int start, TextEnds ends)
    {
        const string letter = "x";
        if (start == 0 || stretch.Length == 0) return parts.Normalizer.Normalize(stretch, ends | TextEnds.End);
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

    /// <summary>A part of a text that is encoded at once.</summary>
    /// <param name="Text">As written.</param>
    /// <param name="Verbatim">Parts of it that others wrote.</param>
    /// <param name="Ends">Which ends it has of the piece between added tokens that it belongs to.</param>
    /// <param name="StartsText">Whether the whole text starts with it.</param>
    private readonly record struct WrittenPart(string Text, List<TextSpan> Verbatim, TextEnds Ends, bool StartsText);
}
