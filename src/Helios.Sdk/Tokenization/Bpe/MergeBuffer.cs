namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>
/// Working memory of one encoding: the symbols of a word, and the merges possible in it. A short word is looked through for its
/// next merge. A longer one is a linked list, its merges in a queue by rank, then from left to right: every merge takes one symbol
/// away and adds two candidates at most, so a word of n symbols takes 3n candidates at most, each O(log n), whatever the text.
/// </summary>
internal sealed class MergeBuffer
{
    private const int None = -1;

    /// <summary>Most symbols of a word that is looked through: below this that takes less time than a queue.</summary>
    private const int Short = 48;

    private readonly PriorityQueue<Candidate, long> candidates = new();
    private Symbol[] symbols = new Symbol[64];
    private int count;

    /// <summary>When the encoding ends before its text does.</summary>
    public EncodingLimit Limit { get; init; } = EncodingLimit.None;

    /// <summary>Symbols of the word.</summary>
    public int Count => count;

    /// <summary>Merges done and candidates taken from the queue so far: what the linear-time tests count.</summary>
    public long Operations { get; private set; }

    public void Clear() => count = 0;

    public void Add(int id)
    {
        if (count == symbols.Length) Array.Resize(ref symbols, count * 2);
        symbols[count] = new Symbol { Id = id, Previous = count - 1, Next = None };
        if (count > 0) symbols[count - 1].Next = count;
        count++;
    }

    public void MergeAll(MergeTable merges)
    {
        if (count <= Short) MergeShort(merges);
        else MergeLong(merges);
    }

    /// <summary>Appends the symbols to ids, of which there are to be no more than one too many.</summary>
    public void AppendTo(List<int> ids, int mostIds)
    {
        // The first symbol is never the right one of a merge, so the list starts there.
        for (var i = count == 0 ? None : 0; i != None && ids.Count <= mostIds; i = symbols[i].Next) ids.Add(symbols[i].Id);
    }

    /// <summary>Symbols stay side by side: what is merged away is closed up.</summary>
    private void MergeShort(MergeTable merges)
    {
        Span<Merge> next = stackalloc Merge[Short];
        for (var i = 0; i + 1 < count; i++) next[i] = Find(i, merges);
        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                if (next[i].Rank < next[best].Rank) best = i;
            }

            if (next[best].Rank == int.MaxValue) break;
            Operations++;
            symbols[best].Id = next[best].Id;
            count--;
            for (var i = best + 1; i < count; i++) symbols[i].Id = symbols[i + 1].Id;
            next[(best + 1)..count].CopyTo(next[best..]);
            symbols[count - 1].Next = None;
            if (best > 0) next[best - 1] = Find(best - 1, merges);
            if (best + 1 < count) next[best] = Find(best, merges);
        }
    }

    /// <summary>The merge of a symbol with the next one; one that comes last of all when there is none.</summary>
    private Merge Find(int position, MergeTable merges) =>
        merges.TryGet(symbols[position].Id, symbols[position + 1].Id, out var merge) ? merge : new Merge(int.MaxValue, None);

    private void MergeLong(MergeTable merges)
    {
        for (var i = 0; i + 1 < count; i++) Propose(i, merges);
        while (candidates.TryDequeue(out var candidate, out _))
        {
            if ((++Operations & 0xFFFF) == 0) Limit.CancellationToken.ThrowIfCancellationRequested();
            if (IsStale(candidate, merges)) continue;
            ref var left = ref symbols[candidate.Position];
            ref var right = ref symbols[left.Next];
            left.Id = candidate.Id;
            left.Next = right.Next;
            right.Id = None;
            if (left.Next != None) symbols[left.Next].Previous = candidate.Position;
            if (left.Previous != None) Propose(left.Previous, merges);
            if (left.Next != None) Propose(candidate.Position, merges);
        }
    }

    private void Propose(int position, MergeTable merges)
    {
        ref readonly var left = ref symbols[position];
        if (merges.TryGet(left.Id, symbols[left.Next].Id, out var merge))
            candidates.Enqueue(new Candidate(position, merge.Id), ((long)merge.Rank << 32) | (uint)position);
    }

    /// <summary>Whether an earlier merge took one of the two symbols.</summary>
    private bool IsStale(Candidate candidate, MergeTable merges)
    {
        ref readonly var left = ref symbols[candidate.Position];
        return left.Id == None || left.Next == None
            || !merges.TryGet(left.Id, symbols[left.Next].Id, out var merge) || merge.Id != candidate.Id;
    }

    private struct Symbol
    {
        public int Id;
        public int Previous;
        public int Next;
    }

    private readonly record struct Candidate(int Position, int Id);
}
