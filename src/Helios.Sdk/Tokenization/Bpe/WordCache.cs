using System.Numerics;
using System.Runtime.InteropServices;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>
/// Ids of words that were encoded before. A word has two places, chosen by its hash, and the one that came last takes the first of
/// them: memory is bounded, and words made to collide find an empty cache, not a slow one. Entries never change and are published
/// whole, so that all threads read and write without a lock.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer words hardly come again.</summary>
    public const int LongestWord = 32;

    /// <summary>Places. An entry takes some 150 bytes, 600 at most.</summary>
    private const int Places = 1 << 14;

    private readonly Entry?[] entries = new Entry?[Places];

    /// <summary>The ids of a word of at most <see cref="LongestWord"/> characters; false when it is not held.</summary>
    /// <param name="word">The word.</param>
    /// <param name="hash">Its hash, for <see cref="Add"/>.</param>
    /// <param name="ids">Its ids.</param>
    public bool TryGet(ReadOnlySpan<char> word, out uint hash, out ReadOnlySpan<int> ids)
    {
        hash = Hash(word);
        var place = hash & (Places - 1);
        var entry = Volatile.Read(ref entries[place]);
        if (entry is null || entry.Hash != hash || !word.SequenceEqual(entry.Word))
        {
            entry = Volatile.Read(ref entries[place ^ 1]);
            if (entry is null || entry.Hash != hash || !word.SequenceEqual(entry.Word))
            {
                ids = default;
                return false;
            }
        }

        ids = entry.Ids;
        return true;
    }

    /// <summary>Keeps the ids of a word that was not held.</summary>
    public void Add(ReadOnlySpan<char> word, uint hash, ReadOnlySpan<int> ids)
    {
        var place = hash & (Places - 1);
        var former = Volatile.Read(ref entries[place]);
        if (former is not null) Volatile.Write(ref entries[place ^ 1], former);
        Volatile.Write(ref entries[place], new Entry(hash, word.ToString(), ids.ToArray()));
    }

    /// <summary>Four characters at a time; words are short.</summary>
    private static uint Hash(ReadOnlySpan<char> word)
    {
        const ulong factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)word.Length;
        var bytes = MemoryMarshal.AsBytes(word);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            hash = (BitOperations.RotateLeft(hash, 29) ^ MemoryMarshal.Read<ulong>(bytes)) * factor;
        for (; bytes.Length > 0; bytes = bytes[sizeof(char)..])
            hash = (BitOperations.RotateLeft(hash, 29) ^ MemoryMarshal.Read<char>(bytes)) * factor;
        return (uint)(hash >> 32);
    }

    private sealed class Entry(uint hash, string word, int[] ids)
    {
        public readonly uint Hash = hash;
        public readonly string Word = word;
        public readonly int[] Ids = ids;
    }
}
