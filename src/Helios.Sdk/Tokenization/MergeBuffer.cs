namespace Helios.Sdk.Tokenization;

/// <summary>
/// Working memory of one encoding: the symbols of a word as a linked list, and the merges possible in it ordered by rank,
/// then from left to right. Every merge takes one symbol away and adds two candidates at most, so a word of n symbols takes
/// 3n candidates at most, each O(log n), whatever the text.
/// </summary>
internal sealed class MergeBuffer
{
    private const int None = -1;

    private readonly PriorityQueue<Candidate, long> candidates = new();
    private Symbol[] symbols = new Symbol[64];
    private int count;

    /// <summary>Candidates taken from the queue so far: what the linear-time tests count.</summary>
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
        for (var i = 0; i + 1 < count; i++) Propose(i, merges);
        while (candidates.TryDequeue(out var candidate, out _))
        {
            Operations++;
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

    public void AppendTo(List<int> ids)
    {
        // The first symbol is never the right one of a merge, so the list starts there.
        for (var i = count == 0 ? None : 0; i != None; i = symbols[i].Next) ids.Add(symbols[i].Id);
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
