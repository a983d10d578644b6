using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>How a BPE model treats words, and what its vocabulary lacks.</summary>
internal sealed record BpeOptions
{
    /// <summary>The vocabulary is written in <see cref="ByteLevelAlphabet"/>; words come as plain text.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>The token for unknown characters; without one they are dropped.</summary>
    public int? UnknownId { get; init; }

    /// <summary>A run of unknown characters is one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Unknown characters become tokens such as <c>&lt;0x0A&gt;</c>, one for each byte.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>A word that is a token is that token, whatever the merges would give.</summary>
    public bool IgnoreMerges { get; init; }
}

/// <summary>
/// Words to ids by byte-pair encoding. The letters of a word never make a guarded token. Thread-safe; the working memory is the
/// caller's, and short words that were met before come from a cache.
/// </summary>
internal sealed class BpeModel : IWordModel
{
    private const int Ascii = 128;

    private readonly Dictionary<string, int> words;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> wordOf;
    private readonly Dictionary<int, int> symbols = [];
    private readonly int[] asciiSymbols = new int[Ascii];
    private readonly int[] byteTokens = new int[256];
    private readonly WordCache cache = new();
    private readonly MergeTable merges;
    private readonly BpeOptions options;
    private readonly bool cutsAtSpaces;
    private readonly int longest;

    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
    {
        this.merges = merges;
        this.options = options;
        words = new Dictionary<string, int>(vocabulary.Ids.Where(word => !vocabulary.IsGuarded(word.Value)), StringComparer.Ordinal);
        wordOf = words.GetAlternateLookup<ReadOnlySpan<char>>();
        longest = words.Keys.Aggregate(1, static (most, word) => Math.Max(most, word.Length));
        foreach (var (token, id) in words)
        {
            var status = Rune.DecodeFromUtf16(token, out var rune, out var length);
            if (status == OperationStatus.Done && length == token.Length) symbols[rune.Value] = id;
        }

        for (var c = 0; c < Ascii; c++) asciiSymbols[c] = symbols.GetValueOrDefault(c, -1);
        for (var b = 0; b < 256; b++)
        {
            byteTokens[b] = options.ByteLevel
                ? symbols.GetValueOrDefault(ByteLevelAlphabet.ToChar((byte)b), -1)
                : vocabulary.Ids.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1);
        }

        cutsAtSpaces = !merges.CrossSpaces && !options.IgnoreMerges && symbols.ContainsKey(MergeTable.Space);
    }

    /// <summary>The length of the longest word of the vocabulary, where no character of a text is left out or shares an id for unknown ones.</summary>
    public double LongestToken => EveryByteHasToken || options is { UnknownId: not null, FuseUnknown: false } ? longest : double.PositiveInfinity;

    private bool EveryByteHasToken => (options.ByteLevel || options.ByteFallback) && Array.TrueForAll(byteTokens, static id => id >= 0);

    public bool CanCutBefore(char space) => cutsAtSpaces && space == MergeTable.Space;

    /// <summary>Appends the ids of one word.</summary>
    public void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids)
    {
        if (cutsAtSpaces)
        {
            // A text without a pre-tokenizer is one word, and no merge joins what is before a ▁ to it.
            for (int end; !buffer.Limit.IsPassed(ids.Count) && (end = EndOfPart(word)) < word.Length; word = word[end..]) EncodePart(word[..end], buffer, ids);
        }

        EncodePart(word, buffer, ids);
    }

    private void EncodePart(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids)
    {
        if (word.Length > WordCache.LongestWord)
        {
            EncodeAnew(word, buffer, ids, buffer.Limit.MostIds);
        }
        else if (cache.TryGet(word, out var hash, out var known))
        {
            ids.AddRange(known);
        }
        else
        {
            var before = ids.Count;
            EncodeAnew(word, buffer, ids, int.MaxValue);
            cache.Add(word, hash, CollectionsMarshal.AsSpan(ids)[before..]);
        }
    }

    private void EncodeAnew(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids, int mostIds)
    {
        if (options.IgnoreMerges && TryFindWhole(word, out var whole))
        {
            ids.Add(whole);
            return;
        }

        // A token is no more symbols than it has characters: a word of more than these has too many, and is not worth merging.
        var mostSymbols = ((long)mostIds - ids.Count + 1) * longest;
        buffer.Clear();
        AddSymbols(word, buffer, mostSymbols);
        if (buffer.Count < mostSymbols) buffer.MergeAll(merges);
        buffer.AppendTo(ids, mostIds);
    }

    private bool TryFindWhole(ReadOnlySpan<char> word, out int id)
    {
        if (!options.ByteLevel) return wordOf.TryGetValue(word, out id);
        return wordOf.TryGetValue(ByteLevelAlphabet.Write(word), out id);
    }

    /// <summary>The word as one symbol for each character, or as its bytes, or as unknown; it ends with the character that makes them too many.</summary>
    private void AddSymbols(ReadOnlySpan<char> word, MergeBuffer buffer, long mostSymbols)
    {
        var afterUnknown = false;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in word.EnumerateRunes())
        {
            if (buffer.Count >= mostSymbols) return;
            if (options.ByteLevel)
            {
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)]) AddOrUnknown(byteTokens[b], buffer, ref afterUnknown);
            }
            else if (TryFindSymbol(rune, out var id) || !options.ByteFallback || !TryAddBytes(utf8[..rune.EncodeToUtf8(utf8)], buffer))
            {
                AddOrUnknown(id, buffer, ref afterUnknown);
            }
            else
            {
                afterUnknown = false;
            }
        }
    }

    private void AddOrUnknown(int id, MergeBuffer buffer, ref bool afterUnknown)
    {
        if (id >= 0)
        {
            buffer.Add(id);
            afterUnknown = false;
        }
        else if (options.UnknownId is { } unknown)
        {
            if (!(afterUnknown && options.FuseUnknown)) buffer.Add(unknown);
            afterUnknown = true;
        }
    }

    /// <summary>The id of a character's token; -1 when there is none.</summary>
    private bool TryFindSymbol(Rune rune, out int id)
    {
        id = rune.Value < Ascii ? asciiSymbols[rune.Value] : symbols.GetValueOrDefault(rune.Value, -1);
        return id >= 0;
    }

    /// <summary>All bytes of the character have tokens, or none is added.</summary>
    private bool TryAddBytes(ReadOnlySpan<byte> utf8, MergeBuffer buffer)
    {
        foreach (var b in utf8)
        {
            if (byteTokens[b] < 0) return false;
        }

        foreach (var b in utf8) buffer.Add(byteTokens[b]);
        return true;
    }

    /// <summary>Where the first ▁ is that stands behind another character; else the end.</summary>
    private static int EndOfPart(ReadOnlySpan<char> word)
    {
        var start = word.IndexOfAnyExcept(MergeTable.Space);
        var end = start < 0 ? -1 : word[start..].IndexOf(MergeTable.Space);
        return end < 0 ? word.Length : start + end;
    }
}
