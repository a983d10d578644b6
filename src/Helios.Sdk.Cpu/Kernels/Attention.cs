using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Memory;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// Causal attention of some rows over their sequence, in one pass over strips of 64 tokens: a query keeps its peak score,
/// the total of its weights and the weighted sum of values, and rescales them when the peak rises. Every split of 512
/// tokens starts anew, and the states of splits are merged in order, so that splits may run anywhere. What a query computes
/// depends on its own position alone, never on the rows beside it.
/// </summary>
internal static unsafe class Attention<TSimd, TVector, TFormat>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TFormat : struct, IKvFormat<TVector>
{
    private static int VectorsPerPanel => KvLayout.Tile / TSimd.Lanes;

    /// <summary>All splits, one after another.</summary>
    public static void Attend(in AttentionTask task)
    {
        var work = new Work(task);
        var merged = work.States(0);
        var next = work.States(1);
        Attend(task, work, 0, merged);
        for (var split = Math.Max(1, task.FirstToken(0) / AttentionShape.Split); split < task.Splits; split++)
        {
            Attend(task, work, split, next);
            Merge(task, split, merged, next);
        }

        Finish(task, merged);
    }

    /// <summary>One split, whose states stay in <see cref="AttentionTask.States"/>.</summary>
    public static void AttendSplit(in AttentionTask task, int split) =>
        Attend(task, new Work(task), split, new QueryStates(task.States + split * task.SplitStride, task.Layout.ValueStride));

    /// <summary>Merges the states of all splits, and writes the results.</summary>
    public static void MergeSplits(in AttentionTask task)
    {
        var merged = new QueryStates(task.States, task.Layout.ValueStride);
        for (var split = 1; split < task.Splits; split++)
            Merge(task, split, merged, new QueryStates(task.States + split * task.SplitStride, task.Layout.ValueStride));
        Finish(task, merged);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend(in AttentionTask task, in Work work, int split, in QueryStates states)
    {
        var row = FirstRow(task, split);
        states.Clear(row * task.Heads, task.Rows * task.Heads);
        var end = Math.Min((split + 1) * AttentionShape.Split, task.Positions[task.Rows - 1] + 1);
        var first = row < task.Rows ? task.FirstToken(row) : 0;
        for (var start = Math.Max(split * AttentionShape.Split, first / AttentionShape.Strip * AttentionShape.Strip); start < end; start += AttentionShape.Strip)
        {
            while (task.Positions[row] < start) row++;
            work.Locate(task, start, end);

            // Rows whose own token lies in this strip see part of it, each another; those after them see all of it, but for those whose
            // window begins in it, or after it.
            var (whole, last) = (row, task.Rows);
            while (task.FirstToken(last - 1) >= start + AttentionShape.Strip) last--;
            for (; whole < last && task.Positions[whole] < start + AttentionShape.Strip - 1; whole++) VisitPart(task, work, states, whole, start);
            var windowed = last;
            while (windowed > whole && task.FirstToken(windowed - 1) > start) windowed--;
            Visit(task, work, states, whole * task.Heads, windowed * task.Heads, 0, AttentionShape.Strip);
            for (; windowed < last; windowed++) VisitPart(task, work, states, windowed, start);
        }
    }

    private static void VisitPart(in AttentionTask task, in Work work, in QueryStates states, int row, int start) =>
        Visit(
            task, work, states, row * task.Heads, (row + 1) * task.Heads,
            Math.Max(0, task.FirstToken(row) - start), Math.Min(AttentionShape.Strip, task.Positions[row] - start + 1));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Visit(in AttentionTask task, in Work work, in QueryStates states, int query, int end, int from, int valid)
    {
        // Tiles before the window may lie in blocks that the sequence does not hold any more: their values are not read.
        var tile = from / KvLayout.Tile;
        var rows = stackalloc float*[AttentionShape.MostQueries];
        var scores = work.Scores;
        while (query < end)
        {
            var count = Math.Min(PanelProduct<TSimd, TVector, TFormat>.MostRows, end - query);
            for (var i = 0; i < count; i++) rows[i] = QueryAt(task, query + i);
            new Span<float>(scores, count * AttentionShape.Strip).Clear();
            for (var column = 0; column < valid; column += 4 * TSimd.Lanes)
                PanelProduct<TSimd, TVector, TFormat>.Add(
                    rows, count, work.Keys(column), work.KeysAhead, task.Layout.HeadDim, task.Layout.HeadDim, scores + column, AttentionShape.Strip);

            for (var i = 0; i < count; i++)
            {
                var mine = scores + i * AttentionShape.Strip;
                if (task.SoftCap > 0) Cap(mine, valid, task.SoftCap);
                new Span<float>(mine, from).Fill(float.NegativeInfinity);
                Weigh(states, query + i, mine, valid);
                rows[i] = mine + tile * KvLayout.Tile;
            }

            for (var column = 0; column < task.Layout.ValueStride; column += 4 * TSimd.Lanes)
                PanelProduct<TSimd, TVector, TFormat>.Add(
                    rows, count, work.Values(column) + 4 * tile, work.ValuesAhead + tile, KvLayout.Tile, valid - tile * KvLayout.Tile, states.Sum(query) + column, states.Stride);
            query += count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cap(float* scores, int valid, float cap)
    {
        for (var i = 0; i < valid; i += TSimd.Lanes)
        {
            var tanh = VectorMath.Tanh<TSimd, TVector>(TSimd.Multiply(TSimd.Load(scores + i), TSimd.Create(1 / cap)));
            TSimd.Store(TSimd.Multiply(tanh, TSimd.Create(cap)), scores + i);
        }
    }

    // Turns the scores of a strip into weights relative to the query's peak, which may rise here. Vectors of tokens that are
    // not valid would add zeros: they are left out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in QueryStates states, int query, float* scores, int valid)
    {
        var end = (valid + TSimd.Lanes - 1) / TSimd.Lanes * TSimd.Lanes;
        for (var token = valid; token < end; token++) scores[token] = float.NegativeInfinity;

        var peaks = TSimd.Load(scores);
        for (var i = TSimd.Lanes; i < end; i += TSimd.Lanes) peaks = TSimd.Max(peaks, TSimd.Load(scores + i));
        var peak = TSimd.MaxLane(peaks);
        if (peak > *states.Peak(query)) Raise(states, query, peak);

        var shift = TSimd.Create(*states.Peak(query));
        var totals = TSimd.Load(states.Totals(query));
        for (var i = 0; i < end; i += TSimd.Lanes)
        {
            var weight = VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + i), shift));
            TSimd.Store(weight, scores + i);
            totals = TSimd.Add(totals, weight);
        }

        TSimd.Store(totals, states.Totals(query));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Raise(in QueryStates states, int query, float peak)
    {
        var factor = VectorMath.Exp<TSimd, TVector>(TSimd.Create(*states.Peak(query) - peak));
        var sum = states.Sum(query);
        for (var d = 0; d < states.Scaled; d += TSimd.Lanes) TSimd.Store(TSimd.Multiply(TSimd.Load(sum + d), factor), sum + d);
        *states.Peak(query) = peak;
    }

    // Rows that end before the split, or whose window begins after it, have no part in it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Merge(in AttentionTask task, int split, in QueryStates merged, in QueryStates next)
    {
        for (var query = FirstRow(task, split) * task.Heads; query < task.Rows * task.Heads; query++)
        {
            if (float.IsNegativeInfinity(*next.Peak(query))) continue;
            var peak = Math.Max(*merged.Peak(query), *next.Peak(query));
            var before = VectorMath.Exp<TSimd, TVector>(TSimd.Create(*merged.Peak(query) - peak));
            var factor = VectorMath.Exp<TSimd, TVector>(TSimd.Create(*next.Peak(query) - peak));
            var sum = merged.Sum(query);
            var added = next.Sum(query);
            for (var d = 0; d < merged.Scaled; d += TSimd.Lanes)
                TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(added + d), factor, TSimd.Multiply(TSimd.Load(sum + d), before)), sum + d);
            *merged.Peak(query) = peak;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(in AttentionTask task, in QueryStates states)
    {
        for (var query = 0; query < task.Rows * task.Heads; query++)
        {
            var sum = states.Sum(query);
            var total = TSimd.Load(states.Totals(query));
            var divisor = TSimd.Create(TSimd.Sum(total));
            for (var d = 0; d < task.Layout.ValueStride; d += TSimd.Lanes) TSimd.Store(TSimd.Divide(TSimd.Load(sum + d), divisor), sum + d);
            var bytes = (long)task.Layout.HeadDim * sizeof(float);
            Buffer.MemoryCopy(sum, QueryAt(task, query), bytes, bytes);
        }
    }

    private static int FirstRow(in AttentionTask task, int split)
    {
        var row = 0;
        while (row < task.Rows && task.Positions[row] < split * AttentionShape.Split) row++;
        return row;
    }

    private static float* QueryAt(in AttentionTask task, int query) =>
        task.Queries + query / task.Heads * task.RowStride + query % task.Heads * task.Layout.HeadDim;

    /// <summary>Running states of queries: a weighted sum, padded, then the total of its weights by lane, then the peak.</summary>
    private readonly struct QueryStates(float* memory, int valueStride)
    {
        private readonly int sumFloats = AttentionShape.SumFloats(valueStride);

        /// <summary>Floats from one query to the next.</summary>
        public int Stride => Scaled + AttentionShape.MostLanes;

        /// <summary>Floats that are relative to the peak: sum and total.</summary>
        public int Scaled => sumFloats + AttentionShape.MostLanes;

        public float* Sum(int query) => memory + (nint)query * Stride;

        public float* Totals(int query) => Sum(query) + sumFloats;

        public float* Peak(int query) => Sum(query) + Scaled;

        public void Clear(int query, int end)
        {
            for (; query < end; query++)
            {
                new Span<float>(Sum(query), Scaled).Clear();
                *Peak(query) = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Scratch memory of a task: the addresses of the strip's panels, scores of a few queries, two states of each.</summary>
    private readonly struct Work(in AttentionTask task)
    {
        private readonly float** table = (float**)task.Scratch;
        private readonly float* states = task.Scratch + AttentionShape.TableFloats(task.Layout.ValueStride) + AttentionShape.ScoreFloats;
        private readonly int queries = task.Rows * task.Heads;
        private readonly int valueStride = task.Layout.ValueStride;

        /// <summary><c>[MostQueries][Strip]</c>.</summary>
        public float* Scores => states - AttentionShape.ScoreFloats;

        /// <summary>The key panels of four vectors of tokens, from a token of the strip on.</summary>
        public float** Keys(int token) => table + token / TSimd.Lanes;

        /// <summary>The value panels <c>[tiles][4]</c> of four vectors of dimensions.</summary>
        public float** Values(int dimension) => table + (AttentionShape.Strip + AttentionShape.Tiles * dimension) / TSimd.Lanes;

        public QueryStates States(int which) => new(states + which * queries * AttentionTask.StateFloats(valueStride), valueStride);

        /// <summary>Bytes from keys to what is read after them: the values.</summary>
        public nint* KeysAhead => (nint*)Values(AttentionShape.SumFloats(valueStride));

        /// <summary>Bytes from each tile's values to what is read after them: the keys of the strip to come.</summary>
        public nint* ValuesAhead => KeysAhead + 1;

        /// <summary>
        /// Finds the panels of a strip. What lies before the first token that is seen, beyond its last tile, or beyond the last dimension, stands for
        /// something that does not: it is computed and not used.
        /// </summary>
        /// <param name="task">The task.</param>
        /// <param name="start">First token of the strip.</param>
        /// <param name="end">One past the last token that the task sees.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Locate(in AttentionTask task, int start, int end)
        {
            var layout = task.Layout;
            var first = task.FirstToken(0);
            *KeysAhead = layout.KeyBytes;
            for (var i = 0; i < AttentionShape.Tiles; i++)
            {
                var token = start + i * KvLayout.Tile;
                var tile = TileOf(task, Math.Clamp(token, first, end - 1));
                token += AttentionShape.Strip;
                ValuesAhead[i] = token < end ? (nint)(TileOf(task, token) - tile - layout.KeyBytes) : 0;
                for (var v = 0; v < VectorsPerPanel; v++) Keys(i * KvLayout.Tile)[v] = (float*)tile + v * TSimd.Lanes;
                for (var v = 0; v * TSimd.Lanes < AttentionShape.SumFloats(valueStride); v++)
                {
                    var panel = Math.Min(v / VectorsPerPanel, valueStride / KvLayout.Tile - 1);
                    Values(v / 4 * 4 * TSimd.Lanes)[4 * i + v % 4] = (float*)(tile + layout.KeyBytes + panel * layout.PanelBytes) + v % VectorsPerPanel * TSimd.Lanes;
                }
            }
        }

        private static byte* TileOf(in AttentionTask task, int token)
        {
            var (block, place) = Math.DivRem(token, task.Layout.TokensPerBlock);
            return task.Layout.TileOf((byte*)task.Blocks[block] + task.LayerOffset, task.KvHead, place);
        }
    }
}
