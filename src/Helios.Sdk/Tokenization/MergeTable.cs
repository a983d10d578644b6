namespace Helios.Sdk.Tokenization;

/// <summary>Which pairs of tokens merge, into what, and in which order.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<long, Merge> merges = [];

    public void Set(int left, int right, int rank, int id) => merges[Key(left, right)] = new Merge(rank, id);

    public bool TryGet(int left, int right, out Merge merge) => merges.TryGetValue(Key(left, right), out merge);

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}

/// <summary>One merge: lower ranks go first.</summary>
internal readonly record struct Merge(int Rank, int Id);
