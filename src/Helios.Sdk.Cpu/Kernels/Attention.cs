using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Memory;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// Rows that share a block table, with the query heads of one key/value head. Rows lie one after another, positions
/// ascending.
/// </summary>
internal unsafe struct AttentionTask
{
    /// <summary>First query head of the first row, rotated and scaled by 1 / sqrt(headDim): <c>[rows][heads, headDim]</c>. Results take its place.</summary>
    public float* Queries;

    /// <summary>Elements from one row to the next.</summary>
    public nint RowStride;

    /// <summary>Position of each row in its sequence.</summary>
    public int* Positions;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>Query heads that share the key/value head.</summary>
    public int Heads;

    /// <summary>Key/value head.</summary>
    public int KvHead;

    /// <summary>First byte of each block of the sequence.</summary>
    public nint* Blocks;

    /// <summary>Bytes from there to the layer.</summary>
    public long LayerOffset;

    /// <summary>How a layer lies in a block.</summary>
    public KvLayout Layout;

    /// <summary>Memory to work in, <see cref="ScratchFloats"/> of it.</summary>
    public float* Scratch;

    /// <summary>Floats that a task works in: per query a sum, a peak and a total, and the scores of four.</summary>
    public static int ScratchFloats(int queries, int valueStride) => queries * (valueStride + 2) + 4 * KvLayout.Tile;
}

/// <summary>
/// Causal attention of some rows over their sequence, in one pass over tiles of 16 tokens that lie at multiples of 16: a
/// query keeps its peak score, the total of its weights and the weighted sum of values, and rescales them when the peak
/// rises. What a query computes depends on its own position alone, never on the rows beside it.
/// </summary>
internal static unsafe class Attention<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Attend(in AttentionTask task)
    {
        var state = new QueryState(task);
        state.Clear();
        var (layout, firstRow) = (task.Layout, 0);
        var tiles = task.Positions[task.Rows - 1] / KvLayout.Tile + 1;
        for (var tile = 0; tile < tiles; tile++)
        {
            var start = tile * KvLayout.Tile;
            while (task.Positions[firstRow] < start) firstRow++;
            var layer = (byte*)task.Blocks[start / layout.TokensPerBlock] + task.LayerOffset;
            var keys = layout.Keys(layer, task.KvHead, start % layout.TokensPerBlock);
            var values = layout.Values(layer, task.KvHead, start % layout.TokensPerBlock);

            // Rows whose own token lies in this tile see part of it, each another; those after them see all of it.
            var row = firstRow;
            for (; row < task.Rows && task.Positions[row] < start + KvLayout.Tile - 1; row++)
                Visit(task, state, row * task.Heads, (row + 1) * task.Heads, keys, values, task.Positions[row] - start + 1);
            Visit(task, state, row * task.Heads, task.Rows * task.Heads, keys, values, KvLayout.Tile);
        }

        for (var query = 0; query < task.Rows * task.Heads; query++) Finish(task, state, query);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Visit(in AttentionTask task, in QueryState state, int query, int end, float* keys, float* values, int valid)
    {
        var queries = stackalloc float*[4];
        while (query < end)
        {
            var count = end - query >= 4 ? 4 : end - query >= 2 ? 2 : 1;
            for (var i = 0; i < count; i++) queries[i] = QueryAt(task, query + i);
            AttentionTiles<TSimd, TVector>.Scores(queries, count, keys, task.Layout.HeadDim, state.Scores);
            for (var i = 0; i < count; i++) Weigh(state, query + i, state.Scores + i * KvLayout.Tile, valid);
            AttentionTiles<TSimd, TVector>.Values(state.Scores, count, values, state.Stride, valid, state.Sum(query));
            query += count;
        }
    }

    // Turns the scores of a tile into weights relative to the query's peak, which may rise here.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in QueryState state, int query, float* scores, int valid)
    {
        if (valid < KvLayout.Tile)
            for (var token = valid; token < KvLayout.Tile; token++) scores[token] = float.NegativeInfinity;

        var peaks = TSimd.Load(scores);
        for (var i = TSimd.Lanes; i < KvLayout.Tile; i += TSimd.Lanes) peaks = TSimd.Max(peaks, TSimd.Load(scores + i));
        var peak = TSimd.MaxLane(peaks);
        if (peak > state.Peaks[query]) Raise(state, query, peak);

        var shift = TSimd.Create(state.Peaks[query]);
        var totals = TSimd.Create(0);
        for (var i = 0; i < KvLayout.Tile; i += TSimd.Lanes)
        {
            var weight = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + i), shift));
            TSimd.Store(weight, scores + i);
            totals = TSimd.Add(totals, weight);
        }

        state.Totals[query] += TSimd.Sum(totals);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Raise(in QueryState state, int query, float peak)
    {
        var factor = VectorMath.Exp<TSimd, TVector>(TSimd.Create(state.Peaks[query] - peak));
        var sum = state.Sum(query);
        for (var d = 0; d < state.Stride; d += TSimd.Lanes) TSimd.Store(TSimd.Multiply(TSimd.Load(sum + d), factor), sum + d);
        var one = stackalloc float[TSimd.Lanes];
        TSimd.Store(factor, one);
        state.Totals[query] *= one[0];
        state.Peaks[query] = peak;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(in AttentionTask task, in QueryState state, int query)
    {
        var sum = state.Sum(query);
        var total = TSimd.Create(state.Totals[query]);
        for (var d = 0; d < state.Stride; d += TSimd.Lanes) TSimd.Store(TSimd.Divide(TSimd.Load(sum + d), total), sum + d);
        var bytes = (long)task.Layout.HeadDim * sizeof(float);
        Buffer.MemoryCopy(sum, QueryAt(task, query), bytes, bytes);
    }

    private static float* QueryAt(in AttentionTask task, int query) =>
        task.Queries + query / task.Heads * task.RowStride + query % task.Heads * task.Layout.HeadDim;

    /// <summary>Running state of every query of a task, in its scratch memory.</summary>
    private readonly struct QueryState(in AttentionTask task)
    {
        private readonly float* memory = task.Scratch;
        private readonly int count = task.Rows * task.Heads;

        /// <summary>Elements of a weighted sum.</summary>
        public int Stride { get; } = task.Layout.ValueStride;

        /// <summary>Scores of up to four queries over one tile.</summary>
        public float* Scores => memory;

        public float* Sum(int query) => memory + 4 * KvLayout.Tile + query * Stride;

        public float* Peaks => Sum(count);

        public float* Totals => Peaks + count;

        public void Clear()
        {
            new Span<float>(Sum(0), count * Stride).Clear();
            new Span<float>(Peaks, count).Fill(float.NegativeInfinity);
            new Span<float>(Totals, count).Clear();
        }
    }
}
