namespace Helios.Sdk.Tokenization;

/// <summary>Which pairs of tokens merge, into what, and in which order.</summary>
internal sealed class MergeTable
{
    /// <summary>What stands for a space in metaspace vocabularies.</summary>
    public const char Space = '\u2581';

    private readonly Dictionary<long, Merge> merges = [];

    /// <summary>Whether some merge joins a ▁ to another character before it.</summary>
    public bool CrossSpaces { get; private set; }

    /// <summary>Adds a merge by its texts; see <see cref="CrossSpaces"/>.</summary>
    public void Add((string Text, int Id) left, (string Text, int Id) right, int rank, int id)
    {
        Set(left.Id, right.Id, rank, id);
        CrossSpaces |= left.Text is [.., not Space] && right.Text is [Space, ..];
    }

    public void Set(int left, int right, int rank, int id) => merges[Key(left, right)] = new Merge(rank, id);

    public bool TryGet(int left, int right, out Merge merge) => merges.TryGetValue(Key(left, right), out merge);

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}

/// <summary>One merge: lower ranks go first.</summary>
internal readonly record struct Merge(int Rank, int Id);
