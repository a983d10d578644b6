using System.Numerics;

namespace Helios.Sdk.Serving.KvCache;

/// <summary>
/// The free blocks of a slab as runs of neighbours. A sequence that grows takes the block behind its last, so that its keys and values follow each other in
/// memory as long as no other block is in the way; one that starts does so in the middle of one of the longest runs, which leaves room to grow for it and for who
/// lies before. Everything takes constant time, and allocates nothing.
/// Invariant: no two runs touch; the lists hold each run once, by the power of two below its length.
/// </summary>
internal sealed class FreeRuns
{
    private const int None = -1;

    private readonly bool[] free;

    // Of the first and the last block of each run: its length.
    private readonly int[] lengths;

    // Of the first block of each run: its neighbours in the list of its size.
    private readonly int[] next;
    private readonly int[] previous;
    private readonly int[] lists = new int[32];

    // A bit for each list that holds a run.
    private uint sizes;

    public FreeRuns(int blocks)
    {
        free = new bool[blocks];
        lengths = new int[blocks];
        next = new int[blocks];
        previous = new int[blocks];
        lists.AsSpan().Fill(None);
        free.AsSpan().Fill(true);
        if (blocks > 0) Add(0, blocks);
        Count = blocks;
    }

    /// <summary>Free blocks.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the block behind another; false when it is not free.</summary>
    public bool TryTakeAfter(int block)
    {
        if (block + 1 >= free.Length || !free[block + 1]) return false;
        TakeFrom(block + 1, block + 1);
        return true;
    }

    /// <summary>Takes a block with as many free ones behind it as can be; there is one.</summary>
    public int Take()
    {
        var start = lists[BitOperations.Log2(sizes)];
        var block = start == 0 ? 0 : start + (lengths[start] / 2);
        TakeFrom(start, block);
        return block;
    }

    /// <summary>Gives a block back.</summary>
    public void Return(int block)
    {
        var (start, length) = (block, 1);
        if (block + 1 < free.Length && free[block + 1])
        {
            length += lengths[block + 1];
            Remove(block + 1);
        }

        if (block > 0 && free[block - 1])
        {
            start = block - lengths[block - 1];
            length += lengths[block - 1];
            Remove(start);
        }

        free[block] = true;
        Count++;
        Add(start, length);
    }

    private void TakeFrom(int start, int block)
    {
        var (before, behind) = (block - start, start + lengths[start] - block - 1);
        Remove(start);
        free[block] = false;
        Count--;
        if (before > 0) Add(start, before);
        if (behind > 0) Add(block + 1, behind);
    }

    private void Add(int start, int length)
    {
        lengths[start] = lengths[start + length - 1] = length;
        var size = BitOperations.Log2((uint)length);
        (previous[start], next[start]) = (None, lists[size]);
        if (lists[size] != None) previous[lists[size]] = start;
        lists[size] = start;
        sizes |= 1u << size;
    }

    private void Remove(int start)
    {
        var size = BitOperations.Log2((uint)lengths[start]);
        if (next[start] != None) previous[next[start]] = previous[start];
        if (previous[start] != None) next[previous[start]] = next[start];
        else lists[size] = next[start];
        if (lists[size] == None) sizes &= ~(1u << size);
    }
}
