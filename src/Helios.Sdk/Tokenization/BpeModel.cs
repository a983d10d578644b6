using System.Buffers;
using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization;

/// <summary>How a BPE model treats what its vocabulary lacks.</summary>
internal sealed record BpeOptions
{
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
/// Words to ids by byte-pair encoding. The letters of a word never make a guarded token. Immutable; the working memory is the
/// caller's.
/// </summary>
internal sealed class BpeModel
{
    private readonly Dictionary<string, int> words;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> wordOf;
    private readonly Dictionary<int, int> symbols = [];
    private readonly int[] byteTokens = new int[256];
    private readonly MergeTable merges;
    private readonly BpeOptions options;

    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options)
    {
        this.merges = merges;
        this.options = options;
        words = new Dictionary<string, int>(vocabulary.Ids.Where(word => !vocabulary.IsGuarded(word.Value)), StringComparer.Ordinal);
        wordOf = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (token, id) in words)
        {
            var status = Rune.DecodeFromUtf16(token, out var rune, out var length);
            if (status == OperationStatus.Done && length == token.Length) symbols[rune.Value] = id;
        }

        for (var b = 0; b < 256; b++)
            byteTokens[b] = vocabulary.Ids.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1);
    }

    /// <summary>Appends the ids of one word.</summary>
    public void Encode(ReadOnlySpan<char> word, MergeBuffer buffer, List<int> ids)
    {
        if (options.IgnoreMerges && wordOf.TryGetValue(word, out var whole))
        {
            ids.Add(whole);
            return;
        }

        buffer.Clear();
        AddSymbols(word, buffer);
        buffer.MergeAll(merges);
        buffer.AppendTo(ids);
    }

    /// <summary>The word as one symbol for each character, or as its bytes, or as unknown.</summary>
    private void AddSymbols(ReadOnlySpan<char> word, MergeBuffer buffer)
    {
        var afterUnknown = false;
        foreach (var rune in word.EnumerateRunes())
        {
            if (symbols.TryGetValue(rune.Value, out var id))
            {
                buffer.Add(id);
                afterUnknown = false;
            }
            else if (options.ByteFallback && TryAddBytes(rune, buffer))
            {
                afterUnknown = false;
            }
            else if (options.UnknownId is { } unknown)
            {
                if (!(afterUnknown && options.FuseUnknown)) buffer.Add(unknown);
                afterUnknown = true;
            }
        }
    }

    /// <summary>All bytes of the character have tokens, or none is added.</summary>
    private bool TryAddBytes(Rune rune, MergeBuffer buffer)
    {
        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..rune.EncodeToUtf8(utf8)];
        foreach (var b in utf8)
        {
            if (byteTokens[b] < 0) return false;
        }

        foreach (var b in utf8) buffer.Add(byteTokens[b]);
        return true;
    }
}
