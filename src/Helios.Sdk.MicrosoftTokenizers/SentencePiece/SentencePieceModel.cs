using System.Globalization;
using System.Text;
using Helios.Sdk.MicrosoftTokenizers.Words;
using Helios.Sdk.Tokenization.Bpe;
using Microsoft.ML.Tokenizers;

namespace Helios.Sdk.MicrosoftTokenizers.SentencePiece;

/// <summary>
/// Words to ids by Microsoft's SentencePiece encoder. Characters that are no piece never reach it: they become bytes, or unknown, as in
/// Hugging Face. The letters of a word never make a guarded token. Thread-safe.
/// </summary>
internal sealed class SentencePieceModel : IWordModel
{
    private readonly GuardedWords known;
    private readonly HashSet<int> characters = [];
    private readonly int[] byteIds = new int[256];
    private readonly int? unknownId;

    /// <param name="tokenizer">Microsoft's, of the same file.</param>
    /// <param name="pieces">The pieces of the file.</param>
    /// <param name="vocabulary">Their ids, and the added tokens.</param>
    public SentencePieceModel(SentencePieceTokenizer tokenizer, IReadOnlyList<Piece> pieces, Vocabulary vocabulary)
    {
        known = new GuardedWords(vocabulary, word =>
            tokenizer.EncodeToIds(word, addBeginningOfSentence: false, addEndOfSentence: false, considerPreTokenization: false, considerNormalization: false));
        Array.Fill(byteIds, -1);
        for (var id = 0; id < pieces.Count; id++)
        {
            var (text, type) = pieces[id];
            if (type == PieceType.Unknown) unknownId ??= id;
            else if (type == PieceType.Byte && TryParseByte(text, out var b)) byteIds[b] = id;
            else if (Rune.DecodeFromUtf16(text, out var rune, out var length) == System.Buffers.OperationStatus.Done && length == text.Length && !vocabulary.IsGuarded(id)) characters.Add(rune.Value);
        }

        LongestToken = Array.TrueForAll(byteIds, static id => id >= 0) ? pieces.Max(piece => piece.Text.Length) : double.PositiveInfinity;
    }

    /// <summary>The longest piece, where no run of unknown characters shares an id.</summary>
    public double LongestToken { get; }

    public void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids)
    {
        var before = ids.Count;
        var done = 0;
        for (int at = 0, length; at < word.Length; at += length)
        {
            Rune.DecodeFromUtf16(word[at..], out var rune, out length);
            if (characters.Contains(rune.Value)) continue;
            known.Encode(word[done..at], ids);
            AddUnknown(rune, before, ids);
            done = at + length;
        }

        known.Encode(word[done..], ids);
    }

    /// <summary>A character's bytes, where all of them have tokens; else unknown, once for a run of such characters.</summary>
    private void AddUnknown(Rune rune, int wordStart, List<int> ids)
    {
        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..rune.EncodeToUtf8(utf8)];
        var lacking = false;
        foreach (var b in utf8) lacking |= byteIds[b] < 0;
        if (lacking)
        {
            if (unknownId is { } unknown && (ids.Count == wordStart || ids[^1] != unknown)) ids.Add(unknown);
            return;
        }

        foreach (var b in utf8) ids.Add(byteIds[b]);
    }

    private static bool TryParseByte(string text, out byte b)
    {
        b = 0;
        return text is ['<', '0', 'x', _, _, '>'] && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out b);
    }
}
