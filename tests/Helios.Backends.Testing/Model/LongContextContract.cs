using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>Contexts of many blocks, in steps of few rows and of many, which a backend may attend to in different ways.</summary>
public abstract class LongContextContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private const int Context = 1100;
    private const int Chunk = 400;

    [SkippableTheory]
    [MemberData(nameof(VariantsAndKvPrecisions))]
    public void A_sequence_gets_the_same_cut_anywhere_in_any_company(string variant, Precision precision) => MustBeTheSame(Checkpoint(), variant, precision);

    [SkippableFact]
    public void So_does_one_whose_layers_see_windows() => MustBeTheSame(Windowed(), variant: null, Backend.KvPrecisions[0]);

    [SkippableFact]
    public void Windows_over_strips_and_splits_match_the_reference()
    {
        var checkpoint = Windowed();
        var tokens = Tokens(0, Context - 1);
        var (signals, tolerance) = (Alone(checkpoint, tokens, null, Backend.KvPrecisions[0]), Backend.ToleranceOf(Precision.Fp32, Backend.KvPrecisions[0]).LogProbability);
        var reference = new ReferenceModel(checkpoint);
        for (var position = 0; position < tokens.Length; position++)
        {
            var expected = reference.Step(tokens[position], 3, 3);
            Math.Abs(signals[position].TargetLogProbability - expected[position % Chunk % expected.Length]).Should().BeLessThan(tolerance, $"position {position}");
        }
    }

    private static void MustBeTheSame(MemoryCheckpoint checkpoint, string? variant, Precision precision)
    {
        var (a, b) = (Tokens(0, Context), Tokens(1, 700));
        var (wholeA, wholeB) = (Alone(checkpoint, a, variant, precision), Alone(checkpoint, b, variant, precision));

        using var session = new Session(Backend, checkpoint, threads: 5, variant: variant, kvPrecision: precision, tokensPerBlock: 32, blocks: 80);
        var (tableA, tableB) = (session.Table(Context), session.Table(Context));
        var sizes = new[] { 64, 63, 1, 4, 3, 50, 2 };
        for (var (start, step) = (0, 0); start < a.Length - 50; step++)
        {
            var part = a.AsSpan(start, Math.Min(sizes[step % sizes.Length], a.Length - 50 - start));
            Match(session, session.Run(tableA, part, start), wholeA, start, 0, part.Length);
            start += part.Length;
        }

        for (var start = 0; start < b.Length - 50; start += 64) session.Run(tableB, b.AsSpan(start, Math.Min(64, b.Length - 50 - start)), start);

        // The last fifty of both side by side: so many rows of A, then so many of B, few and many.
        KvBlock[] blocks = [.. tableA, .. tableB];
        for (var (done, step) = (0, 0); done < 50; step++)
        {
            var count = Math.Min(new[] { 1, 2, 7, 1, 1, 19 }[step % 6], 50 - done);
            var (atA, atB) = (a.Length - 50 + done, b.Length - 50 + done);
            var rows = Enumerable.Range(0, count).Select(i => new StepRow(a[atA + i], atA + i, 0, session.Depth))
                .Concat(Enumerable.Range(0, count).Select(i => new StepRow(b[atB + i], atB + i, tableA.Length, session.Depth))).ToArray();
            session.Model.Begin(new StepBatch { Rows = rows, Blocks = blocks });
            session.Model.Run(LayerRange.To(session.Depth));
            var signals = session.Check(rows.Length);
            Match(session, signals, wholeA, atA, 0, count);
            Match(session, signals, wholeB, atB, count, count);
            done += count;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(KvPrecisions))]
    public void A_long_sequence_matches_the_reference(Precision precision)
    {
        var checkpoint = Checkpoint();
        var tokens = Tokens(0, 530);
        var (signals, tolerance) = (Alone(checkpoint, tokens, null, precision), Backend.ToleranceOf(checkpoint.AutoPrecision, precision).LogProbability);
        var reference = new ReferenceModel(checkpoint);
        for (var position = 0; position < tokens.Length; position++)
        {
            var expected = reference.Step(tokens[position], 2, 2);
            Math.Abs(signals[position].TargetLogProbability - expected[position % Chunk % expected.Length]).Should().BeLessThan(tolerance, $"position {position}");
        }
    }

    private static MemoryCheckpoint Checkpoint() =>
        new(MemoryCheckpoint.Architecture(layers: 2, heads: 6, kvHeads: 2, headDim: 20, context: Context), TensorType.BF16);

    // A window within a strip of tokens, none, and one over splits.
    private static MemoryCheckpoint Windowed()
    {
        var plain = MemoryCheckpoint.Architecture(heads: 2, kvHeads: 1, headDim: 12, context: Context);
        int?[] windows = [5, null, 600];
        return new MemoryCheckpoint(plain with
        {
            Stack = new LayerSequence(plain.Stack.Select((layer, i) => layer with { Attention = layer.Attention with { Window = windows[i], SoftCap = i == 2 ? 4 : null } })),
        });
    }

    // On one thread, in chunks of many rows.
    private static ExitSignal[] Alone(MemoryCheckpoint checkpoint, int[] tokens, string? variant, Precision precision)
    {
        using var session = new Session(Backend, checkpoint, maxRows: Chunk, threads: 1, variant: variant, kvPrecision: precision, blocks: 80);
        var table = session.Table(tokens.Length);
        var signals = new List<ExitSignal>();
        for (var start = 0; start < tokens.Length; start += Chunk)
            signals.AddRange(session.Run(table, tokens.AsSpan(start, Math.Min(Chunk, tokens.Length - start)), start));
        return [.. signals];
    }

    private static int[] Tokens(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => (i * 37 + i / 105 * 11 + seed * 13 + 11) % 105)];

    private static void Match(Session session, ExitSignal[] signals, ExitSignal[] whole, int position, int row, int count)
    {
        for (var i = 0; i < count; i++) session.MustBeSameButTarget(signals[row + i], whole[position + i], $"position {position + i}");
    }
}
