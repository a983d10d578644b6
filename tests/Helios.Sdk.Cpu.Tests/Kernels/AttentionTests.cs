using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Kernels;

/// <summary>Attention against plain float64, and against itself cut otherwise, at every vector width.</summary>
public sealed unsafe class AttentionTests
{
    private const int KvHeads = 2;
    private const int KvHead = 1;

    /// <summary>Every vector width of the machine, with both precisions of keys and values.</summary>
    public static TheoryData<int, Precision> Kernels()
    {
        var kernels = new TheoryData<int, Precision>();
        foreach (var width in KernelTests.AllWidths)
        {
            kernels.Add(width, Precision.Fp32);
            kernels.Add(width, Precision.Bf16);
        }

        return kernels;
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_matches_whatever_the_shape_and_reads_no_token_beyond_its_own(int width, Precision precision)
    {
        int[][] edges =
        [
            [0], [14], [15], [16], [31], [32], [47], [48], [62], [63], [64], [100], [3, 4, 5, 6, 7, 8, 9, 10], [12, 13, 14, 15, 16, 17],
            [30, 31, 32, 60], [60, 61, 62, 63, 64, 65, 66, 67],
        ];
        foreach (var (heads, headDim, tokensPerBlock) in new[] { (1, 2, 16), (2, 12, 16), (3, 64, 32), (4, 20, 48), (7, 16, 16), (8, 80, 64), (3, 128, 16) })
            foreach (var positions in edges) Check(width, precision, heads, headDim, tokensPerBlock, positions);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void It_matches_across_splits(int width, Precision precision)
    {
        foreach (var (heads, headDim) in new[] { (1, 64), (3, 20), (8, 16) })
            foreach (var positions in new[] { [510], [511], [512], new[] { 509, 510, 511, 512, 513 }, [0, 511, 512, 1024, 1100], [1535, 1536] })
                Check(width, precision, heads, headDim, 16, positions);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_row_alone_gets_the_bits_it_gets_among_others_and_split_by_split(int width, Precision precision)
    {
        var kernels = CpuKernels.For(width);
        foreach (var (heads, headDim) in new[] { (1, 64), (3, 36), (5, 16) })
        {
            using var buffers = new Buffers();
            int[] positions = [40, 500, 511, 512, 513, 700, 1023, 1100];
            var sequence = new Sequence(buffers, precision, headDim, 16, 1101);
            var queries = buffers.Random(positions.Length * heads * headDim);
            var together = Attend(kernels, buffers, sequence, queries, heads, positions);
            BySplits(kernels, buffers, sequence, queries, heads, positions).Should().Equal(together);
            var moved = new Sequence(buffers, precision, headDim, 64, 1101, sequence);
            for (var row = 0; row < positions.Length; row++)
            {
                var size = heads * headDim;
                var alone = Attend(kernels, buffers, moved, queries + row * size, heads, [positions[row]]);
                alone.Should().Equal(together[(row * size)..((row + 1) * size)], $"position {positions[row]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Tiles_before_a_window_may_hold_anything(int width, Precision precision)
    {
        const int heads = 3;
        const int headDim = 24;
        var kernels = CpuKernels.For(width);
        foreach (var window in new[] { 1, 2, 16, 17, 100, 512, 600 })
        {
            using var buffers = new Buffers();
            int[] positions = [.. new[] { window, 300, 301, 511, 512, 630, 631, 632 }.Order().Distinct()];
            var clean = new Sequence(buffers, precision, headDim, 16, 633);
            var queries = buffers.Random(positions.Length * heads * headDim);
            var expected = Attend(kernels, buffers, clean, queries, heads, positions, window);
            foreach (var row in Enumerable.Range(0, positions.Length))
            {
                // A sequence that has dropped the blocks before the window of this row.
                var dropped = new Sequence(buffers, precision, headDim, 16, 633, clean);
                var first = Math.Max(0, positions[row] - window + 1) / 16;
                for (var block = 0; block < first; block++) dropped.Drop(block);
                var alone = Attend(kernels, buffers, dropped, queries + row * heads * headDim, heads, [positions[row]], window);
                alone.Should().Equal(expected[(row * heads * headDim)..((row + 1) * heads * headDim)], $"position {positions[row]}, window {window}");
                BySplits(kernels, buffers, dropped, queries + row * heads * headDim, heads, [positions[row]], window).Should().Equal(alone);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_nan_or_infinite_value_reaches_those_who_see_it_and_nobody_else(int width, Precision precision)
    {
        const int heads = 3;
        const int headDim = 24;
        var kernels = CpuKernels.For(width);
        foreach (var poisoned in new[] { 5, 15, 16, 64, 511, 512, 513 })
            foreach (var poison in new[] { float.NaN, float.PositiveInfinity })
            {
                using var buffers = new Buffers();
                var sequence = new Sequence(buffers, precision, headDim, 16, 520);
                sequence.Values[poisoned, 7] = poison;
                sequence.Store(poisoned);
                int[] positions = [poisoned - 1, poisoned, poisoned + 1, 519];
                var queries = buffers.Random(positions.Length * heads * headDim);
                var results = Attend(kernels, buffers, sequence, queries, heads, positions);
                for (var i = 0; i < results.Length; i++)
                {
                    var sees = i >= heads * headDim && i % headDim == 7;
                    float.IsFinite(results[i]).Should().Be(!sees, $"element {i} of those that attend to {poison} at {poisoned}");
                }
            }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_nan_key_or_query_makes_its_own_results_nan(int width, Precision precision)
    {
        const int headDim = 16;
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var sequence = new Sequence(buffers, precision, headDim, 16, 600);
        var queries = buffers.Random(3 * headDim);
        queries[headDim + 3] = float.NaN;
        Attend(kernels, buffers, sequence, queries, 1, [590, 591, 592]).Select(float.IsNaN)
            .Should().Equal(Enumerable.Range(0, 3 * headDim).Select(i => i / headDim == 1));

        sequence.Keys[591, 2] = float.NaN;
        sequence.Store(591);
        queries[headDim + 3] = 0;
        Attend(kernels, buffers, sequence, queries, 1, [590, 591, 592]).Select(float.IsNaN)
            .Should().Equal(Enumerable.Range(0, 3 * headDim).Select(i => i / headDim >= 1));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Weights_that_differ_by_more_than_a_float_holds_come_out_right(int width, Precision precision)
    {
        const int headDim = 8;
        var kernels = CpuKernels.For(width);
        using var buffers = new Buffers();
        var sequence = new Sequence(buffers, precision, headDim, 16, 1200);
        var values = sequence.StoredValues;
        foreach (var favourite in new[] { 0, 70, 515, 1199 })
        {
            // Scores rise by hundreds at one token, in the first split, in a later one, or at the very end.
            sequence.Keys[favourite, 0] = 512;
            sequence.Store(favourite);
            var queries = buffers.Zeros(headDim);
            queries[0] = 1;
            var results = Attend(kernels, buffers, sequence, queries, 1, [1199]);
            for (var d = 0; d < headDim; d++) results[d].Should().BeApproximately(values[favourite, d], 1e-6f);
            sequence.Keys[favourite, 0] = 0;
            sequence.Store(favourite);
        }
    }

    [Fact]
    public void Bf16_rounds_keys_and_values_to_the_nearest_ties_to_even()
    {
        using var buffers = new Buffers();
        var layout = new KvLayout(16, 1, 2, Precision.Bf16);
        var block = buffers.Zeros((int)layout.LayerBytes / sizeof(float));
        var key = buffers.Copy(Floats([0x3F80_7FFF, 0x3F80_8000]), 2);
        var value = buffers.Copy(Floats([0x3F81_8000, 0x7F80_0001]), 2);
        layout.Store((byte*)block, 0, 3, key, value);
        var stored = (ushort*)block;
        (stored[6], stored[7]).Should().Be((0x3F80, 0x3F80));
        var values = stored + 32;
        (values[33], values[35]).Should().Be((0x3F82, 0x7FC0), "a NaN stays one, even one of low bits alone");

        float* Floats(uint[] bits)
        {
            var memory = buffers.Zeros(bits.Length);
            for (var i = 0; i < bits.Length; i++) memory[i] = BitConverter.UInt32BitsToSingle(bits[i]);
            return memory;
        }
    }

    private static void Check(int width, Precision precision, int heads, int headDim, int tokensPerBlock, int[] positions)
    {
        using var buffers = new Buffers();
        var sequence = new Sequence(buffers, precision, headDim, tokensPerBlock, positions[^1] + 1);
        var queries = buffers.Random(positions.Length * heads * headDim);
        for (var i = 0; i < positions.Length * heads * headDim; i++) queries[i] *= 10 / MathF.Sqrt(headDim);
        var results = Attend(CpuKernels.For(width), buffers, sequence, queries, heads, positions);

        // Rounding moves a value by at most 2^-9 of itself, and a score by at most 2^-9 of what its products sum to without their signs.
        var (ofRounded, ofExact) = (3e-6, precision == Precision.Bf16 ? 0.02 : 3e-6);
        for (var query = 0; query < positions.Length * heads; query++)
        {
            var rounded = Reference(queries + query * headDim, sequence.StoredKeys, sequence.StoredValues, positions[query / heads] + 1);
            var exact = Reference(queries + query * headDim, sequence.Keys, sequence.Values, positions[query / heads] + 1);
            for (var d = 0; d < headDim; d++)
            {
                var result = (double)results[query * headDim + d];
                result.Should().BeApproximately(rounded[d], ofRounded, $"{heads} heads of {headDim}, position {positions[query / heads]}");
                result.Should().BeApproximately(exact[d], ofExact);
            }
        }
    }

    private static float[] Attend(CpuKernels kernels, Buffers buffers, Sequence sequence, float* queries, int heads, int[] positions, int window = 0)
    {
        var size = positions.Length * heads * sequence.Layout.HeadDim;
        var copy = buffers.Copy(queries, size);
        fixed (int* at = positions) kernels.Attend(Task(buffers, sequence, copy, heads, positions.Length, at) with { Window = window });
        return new Span<float>(copy, size).ToArray();
    }

    private static float[] BySplits(CpuKernels kernels, Buffers buffers, Sequence sequence, float* queries, int heads, int[] positions, int window = 0)
    {
        var size = positions.Length * heads * sequence.Layout.HeadDim;
        var copy = buffers.Copy(queries, size);
        fixed (int* at = positions)
        {
            var task = Task(buffers, sequence, copy, heads, positions.Length, at) with { Window = window };
            task.SplitStride = positions.Length * heads * AttentionTask.StateFloats(sequence.Layout.ValueStride);
            task.States = buffers.Random(task.Splits * (int)task.SplitStride);
            for (var split = task.Splits - 1; split >= 0; split--) kernels.AttendSplit(task, split);
            kernels.MergeSplits(task);
        }

        return new Span<float>(copy, size).ToArray();
    }

    private static AttentionTask Task(Buffers buffers, Sequence sequence, float* queries, int heads, int rows, int* positions) => new()
    {
        Queries = queries,
        RowStride = heads * sequence.Layout.HeadDim,
        Positions = positions,
        Rows = rows,
        Heads = heads,
        KvHead = KvHead,
        Blocks = sequence.Blocks,
        LayerOffset = sequence.Layout.LayerBytes,
        Layout = sequence.Layout,
        Scratch = buffers.Random(AttentionTask.ScratchFloats(rows * heads, sequence.Layout.ValueStride)),
    };

    private static double[] Reference(float* query, float[,] keys, float[,] values, int tokens)
    {
        var headDim = keys.GetLength(1);
        var scores = new double[tokens];
        for (var t = 0; t < tokens; t++)
            for (var d = 0; d < headDim; d++) scores[t] += (double)query[d] * keys[t, d];
        var max = scores.Max();
        var total = scores.Sum(score => Math.Exp(score - max));
        var result = new double[headDim];
        for (var t = 0; t < tokens; t++)
            for (var d = 0; d < headDim; d++) result[d] += Math.Exp(scores[t] - max) / total * values[t, d];
        return result;
    }

    /// <summary>Random keys and values of one head, in blocks of two layers whose every other byte makes a NaN.</summary>
    private sealed class Sequence
    {
        private static readonly Random Source = new(11);

        public Sequence(Buffers buffers, Precision precision, int headDim, int tokensPerBlock, int tokens, Sequence? like = null)
        {
            Layout = new KvLayout(tokensPerBlock, KvHeads, headDim, precision);
            var count = (tokens + tokensPerBlock - 1) / tokensPerBlock;
            Blocks = (nint*)buffers.Zeros(2 * count);
            for (var i = 0; i < count; i++)
            {
                var floats = (int)(2 * Layout.LayerBytes / sizeof(float));
                Blocks[i] = (nint)buffers.Zeros(floats);
                new Span<byte>((void*)Blocks[i], floats * sizeof(float)).Fill(0xFF);
            }

            Keys = like?.Keys ?? Random(tokens, headDim);
            Values = like?.Values ?? Random(tokens, headDim);
            for (var token = 0; token < tokens; token++) Store(token);
        }

        public KvLayout Layout { get; }

        public nint* Blocks { get; }

        /// <summary><c>[tokens][headDim]</c>.</summary>
        public float[,] Keys { get; }

        /// <summary><c>[tokens][headDim]</c>.</summary>
        public float[,] Values { get; }

        /// <summary>Keys as they are kept.</summary>
        public float[,] StoredKeys => Stored(Keys);

        /// <summary>Values as they are kept.</summary>
        public float[,] StoredValues => Stored(Values);

        public void Store(int token)
        {
            var (block, place) = Math.DivRem(token, Layout.TokensPerBlock);
            fixed (float* key = &Keys[token, 0])
            fixed (float* value = &Values[token, 0])
                Layout.Store((byte*)Blocks[block] + Layout.LayerBytes, KvHead, place, key, value);
        }

        /// <summary>Fills a block with bytes that make NaN.</summary>
        public void Drop(int block) => new Span<byte>((void*)Blocks[block], (int)(2 * Layout.LayerBytes)).Fill(0xFF);

        private float[,] Stored(float[,] exact)
        {
            var stored = (float[,])exact.Clone();
            for (var t = 0; Layout.Precision == Precision.Bf16 && t < exact.GetLength(0); t++)
                for (var d = 0; d < exact.GetLength(1); d++) stored[t, d] = Nearest(exact[t, d]);
            return stored;
        }

        // The neighbour in bf16 that is nearer; of two as near, the even one.
        private static float Nearest(float value)
        {
            var bits = BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000;
            var down = BitConverter.UInt32BitsToSingle(bits);
            var up = BitConverter.UInt32BitsToSingle(bits + 0x10000);
            var (below, above) = (Math.Abs(value - down), Math.Abs(up - value));
            return below < above || (below == above && (bits & 0x10000) == 0) ? down : up;
        }

        private static float[,] Random(int tokens, int headDim)
        {
            var values = new float[tokens, headDim];
            for (var t = 0; t < tokens; t++)
                for (var d = 0; d < headDim; d++) values[t, d] = 2 * Source.NextSingle() - 1;
            return values;
        }
    }
}
