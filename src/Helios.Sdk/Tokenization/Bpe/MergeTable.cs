using System.Numerics;
using System.Security.Cryptography;

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>
/// Which pairs of tokens merge, into what, and in which order. Open addressing, half full at most: a look-up is what an encoding does
/// most. The hash has a random factor, so that no file can be made to collide.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>What stands for a space in metaspace vocabularies.</summary>
    public const char Space = '\u2581';

    private const long Free = -1;

    private static readonly ulong Factor = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    private long[] keys;
    private Merge[] merges;
    private int count;

    /// <summary>An empty table.</summary>
    /// <param name="expected">How many merges are expected.</param>
    public MergeTable(int expected = 0)
    {
        keys = new long[BitOperations.RoundUpToPowerOf2((uint)Math.Max(expected, 8) * 2)];
        merges = new Merge[keys.Length];
        Array.Fill(keys, Free);
    }

    /// <summary>Whether some merge joins a ▁ to another character before it.</summary>
    public bool CrossSpaces { get; private set; }

    /// <summary>Adds a merge by its texts; see <see cref="CrossSpaces"/>.</summary>
    public void Add((string Text, int Id) left, (string Text, int Id) right, int rank, int id)
    {
        Set(left.Id, right.Id, rank, id);
        CrossSpaces |= left.Text is [.., not Space] && right.Text is [Space, ..];
    }

    /// <summary>Adds a merge, or replaces that of the same pair.</summary>
    public void Set(int left, int right, int rank, int id)
    {
        if (2 * (count + 1) > keys.Length) Grow();
        var place = Find(Key(left, right));
        if (keys[place] == Free) count++;
        keys[place] = Key(left, right);
        merges[place] = new Merge(rank, id);
    }

    public bool TryGet(int left, int right, out Merge merge)
    {
        var place = Find(Key(left, right));
        merge = merges[place];
        return keys[place] != Free;
    }

    /// <summary>Where a pair is, or would be.</summary>
    private int Find(long key)
    {
        var places = keys;
        var place = (int)(((ulong)key * Factor) >> (BitOperations.LeadingZeroCount((uint)places.Length) + 33));
        while (places[place] != key && places[place] != Free) place = (place + 1) & (places.Length - 1);
        return place;
    }

    private void Grow()
    {
        var (oldKeys, oldMerges) = (keys, merges);
        keys = new long[oldKeys.Length * 2];
        merges = new Merge[keys.Length];
        Array.Fill(keys, Free);
        for (var i = 0; i < oldKeys.Length; i++)
        {
            if (oldKeys[i] == Free) continue;
            var place = Find(oldKeys[i]);
            (keys[place], merges[place]) = (oldKeys[i], oldMerges[i]);
        }
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}

/// <summary>One merge: lower ranks go first.</summary>
internal readonly record struct Merge(int Rank, int Id);
