using Helios.Sdk.Backends;
using Helios.Sdk.Serving.KvCache;

namespace Helios.Sdk.Serving.Decoding;

/// <summary>
/// The rows of a step and, one behind another, the KV blocks of their sequences, as <see cref="ILayeredModel.Begin"/> takes them.
/// Allocates nothing once its buffers have grown.
/// </summary>
/// <param name="maxRows">Most rows.</param>
internal sealed class StepAssembly(int maxRows)
{
    private readonly StepRow[] rows = new StepRow[maxRows];
    private KvBlock[] blocks = new KvBlock[64];
    private int blockCount;

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>A row.</summary>
    public ref readonly StepRow this[int row] => ref rows[row];

    /// <summary>Begins anew, without rows and blocks.</summary>
    public void Clear() => (Count, blockCount) = (0, 0);

    /// <summary>Adds a sequence's blocks; returns where they start, for <see cref="StepRow.FirstBlock"/>.</summary>
    public int AddBlocks(KvTables kv)
    {
        var (first, length) = (blockCount, kv.Count * kv.Tables.Length);
        if (blocks.Length < first + length) Array.Resize(ref blocks, Math.Max(blocks.Length * 2, first + length));
        kv.CopyTo(blocks.AsSpan(first, length));
        blockCount += length;
        return first;
    }

    /// <summary>Adds a row and returns its index.</summary>
    public int Add(StepRow row)
    {
        rows[Count] = row;
        return Count++;
    }

    /// <summary>Adds rows of a text whose first token has a position, in order.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="position">Position of the first.</param>
    /// <param name="firstBlock">What <see cref="AddBlocks"/> returned.</param>
    /// <param name="kvDepth">Layers for which the sequence keeps KV.</param>
    /// <param name="length">Tokens of the whole prompt, however it is cut.</param>
    public void AddText(ReadOnlySpan<int> tokens, int position, int firstBlock, int kvDepth, int length)
    {
        for (var i = 0; i < tokens.Length; i++) Add(new StepRow(tokens[i], position + i, firstBlock, kvDepth) { Length = length });
    }

    /// <summary>Begins the step.</summary>
    public void Begin(ILayeredModel device) => Begin(device, blocks.AsSpan(0, blockCount));

    /// <summary>Begins the step, or resumes it, with block tables of the caller's.</summary>
    public void Begin(ILayeredModel device, ReadOnlySpan<KvBlock> tables, bool resume = false) =>
        device.Begin(new StepBatch { Rows = rows.AsSpan(0, Count), Blocks = tables, Resume = resume });
}
