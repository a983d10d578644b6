using Helios.Sdk.Cpu.Tests.Kernels;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Contexts of more than one split, in steps of few rows, which attend split by split, and of many, which do not.</summary>
public sealed class LongContextTests
{
    private const int Context = 1100;
    private const int KvHeads = 2;
    private const int Chunk = 400;
    private const int Heads = 6;

    [Theory]
    [MemberData(nameof(AttentionTests.Kernels), MemberType = typeof(AttentionTests))]
    public void A_sequence_gets_the_same_bits_cut_anywhere_in_any_company(int width, Precision precision)
    {
        var checkpoint = Checkpoint();
        var (a, b) = (Tokens(0, Context), Tokens(1, 700));
        var (wholeA, wholeB) = (Alone(checkpoint, a, width, precision), Alone(checkpoint, b, width, precision));

        using var session = new Session(checkpoint, threads: 5, width: width, kvPrecision: precision, tokensPerBlock: 32, blocks: 80);
        var (tableA, tableB) = (session.Table(Context), session.Table(Context));
        var sizes = new[] { 64, 63, 1, 4, 3, 50, 2 };
        for (var (start, step) = (0, 0); start < a.Length - 50; step++)
        {
            var part = a.AsSpan(start, Math.Min(sizes[step % sizes.Length], a.Length - 50 - start));
            Match(session.Run(tableA, part, start), wholeA, start, 0, part.Length);
            start += part.Length;
        }

        for (var start = 0; start < b.Length - 50; start += 64) session.Run(tableB, b.AsSpan(start, Math.Min(64, b.Length - 50 - start)), start);

        // The last fifty of both side by side: so many rows of A, then so many of B, with few threads idle or many.
        KvBlock[] blocks = [.. tableA, .. tableB];
        for (var (done, step) = (0, 0); done < 50; step++)
        {
            var count = Math.Min(new[] { 1, 2, 7, 1, 1, 19 }[step % 6], 50 - done);
            var (atA, atB) = (a.Length - 50 + done, b.Length - 50 + done);
            var rows = Enumerable.Range(0, count).Select(i => new StepRow(a[atA + i], atA + i, 0, session.Depth))
                .Concat(Enumerable.Range(0, count).Select(i => new StepRow(b[atB + i], atB + i, tableA.Length, session.Depth))).ToArray();
            session.Model.Begin(new StepBatch { Rows = rows, Blocks = blocks });
            session.Model.Run(LayerRange.To(session.Depth));
            var signals = session.Look(rows.Length);
            Match(signals, wholeA, atA, 0, count);
            Match(signals, wholeB, atB, count, count);
            done += count;
        }
    }

    [Theory]
    [InlineData(Precision.Fp32, 1e-4)]
    [InlineData(Precision.Bf16, 0.03)]
    public void A_long_sequence_matches_the_reference(Precision precision, double tolerance)
    {
        var checkpoint = Checkpoint();
        var tokens = Tokens(0, 530);
        var signals = Alone(checkpoint, tokens, null, precision);
        var reference = new ReferenceModel(checkpoint);
        for (var position = 0; position < tokens.Length; position++)
        {
            var expected = reference.Step(tokens[position], 2, 2);
            Math.Abs(signals[position].TargetLogProbability - expected[position % Chunk % expected.Length]).Should().BeLessThan(tolerance, $"position {position}");
        }
    }

    [Fact]
    public void The_states_of_splits_are_accounted_where_threads_outnumber_key_value_heads()
    {
        var checkpoint = Checkpoint();
        using (var single = new CpuBackend(new CpuOptions { Threads = 1 })) Growth(single, 40).Should().Be(0, "one thread has nothing to share");
        using var backend = new CpuBackend(new CpuOptions { Threads = 9 });
        var state = (64 + 32) * sizeof(float);
        Growth(backend, maxRows: 40).Should().Be(8 * Heads * state, "8 rows x 2 heads make 2 items a thread but the first");
        Growth(backend, maxRows: 3).Should().Be(3 * Heads * state);

        long Growth(CpuBackend of, int maxRows) =>
            of.MeasureWorkspace(checkpoint.Info.Architecture with { ContextLength = 1024 }, maxRows) -
            of.MeasureWorkspace(checkpoint.Info.Architecture with { ContextLength = 512 }, maxRows);
    }

    private static RandomCheckpoint Checkpoint() =>
        new(RandomCheckpoint.Architecture(layers: 2, heads: Heads, kvHeads: KvHeads, headDim: 20, context: Context), TensorType.BF16);

    // On one thread, in chunks of many rows.
    private static ExitSignal[] Alone(RandomCheckpoint checkpoint, int[] tokens, int? width, Precision precision)
    {
        using var session = new Session(checkpoint, maxRows: Chunk, threads: 1, width: width, kvPrecision: precision, blocks: 80);
        var table = session.Table(tokens.Length);
        var signals = new List<ExitSignal>();
        for (var start = 0; start < tokens.Length; start += Chunk)
            signals.AddRange(session.Run(table, tokens.AsSpan(start, Math.Min(Chunk, tokens.Length - start)), start));
        return [.. signals];
    }

    private static int[] Tokens(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => (i * 37 + i / 105 * 11 + seed * 13 + 11) % 105)];

    // Bit for bit, but for the target, which depends on the row's place in the look.
    private static void Match(ExitSignal[] signals, ExitSignal[] whole, int position, int row, int count)
    {
        for (var i = 0; i < count; i++)
            (signals[row + i] with { TargetLogProbability = 0 }).Should().Be(whole[position + i] with { TargetLogProbability = 0 }, $"position {position + i}");
    }
}
