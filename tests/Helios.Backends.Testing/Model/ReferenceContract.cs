using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>The composed model against the plain float64 one.</summary>
public abstract class ReferenceContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private static readonly int[] Tokens = Checkpoints.Text;

    public static TheoryData<string> Shapes() => new(Checkpoints.Named.Keys);

    public static TheoryData<string> ShapesWithWindows() =>
        new(Checkpoints.Named.Where(named => named.Value().Info.Architecture.Stack.Any(layer => layer.Attention.Window is not null)).Select(named => named.Key));

    public static TheoryData<Precision, string> PrecisionsOfShapes()
    {
        var cases = new TheoryData<Precision, string>();
        foreach (var precision in Backend.Precisions)
            foreach (var shape in Checkpoints.Named.Keys) cases.Add(precision, shape);
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Shapes))]
    public void Signals_match_the_reference_at_every_depth(string name)
    {
        var checkpoint = Checkpoints.Named[name]();
        using var session = new Session(Backend, checkpoint);
        var allowed = session.Tolerance;
        var reference = new ReferenceModel(checkpoint);
        var expected = Tokens.Select(token => reference.StepAll(token, session.Depth, session.Depth)).ToArray();

        var rows = Tokens.Select((token, i) => new StepRow(token, i, 0, session.Depth)).ToArray();
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = session.Table(Tokens.Length) });
        for (var depth = 1; depth <= session.Depth; depth++)
        {
            session.Model.Run(new LayerRange(depth - 1, depth));
            var signals = session.Check(rows.Length);
            for (var row = 0; row < rows.Length; row++)
            {
                var (wanted, got) = (expected[row][depth - 1], signals[row]);
                var signal = ReferenceModel.Signal(wanted);
                wanted[got.TopId].Should().BeApproximately(wanted[signal.TopId], 2 * allowed.LogProbability);
                ((double)got.Top1).Should().BeApproximately(signal.Top1, allowed.Probability);
                ((double)got.Margin).Should().BeApproximately(signal.Margin, allowed.Probability);
                ((double)got.Entropy).Should().BeApproximately(signal.Entropy, allowed.LogProbability);
                ((double)got.TargetLogProbability).Should().BeApproximately(wanted[row % wanted.Length], allowed.LogProbability);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(ShapesWithWindows))]
    public void Blocks_behind_a_window_are_not_needed(string name)
    {
        var checkpoint = Checkpoints.Named[name]();
        using var session = new Session(Backend, checkpoint);
        int[] tokens = [.. Enumerable.Range(0, 100).Select(i => i * 5 % session.Architecture.VocabularySize)];
        var (whole, dropped) = (session.Table(tokens.Length), session.Table(tokens.Length));
        for (var start = 0; start < tokens.Length;)
        {
            var chunk = tokens.AsSpan(start, Math.Min(1 + start % 23, tokens.Length - start));
            session.DropBehind(dropped, start);
            session.MustBeSame(session.Run(dropped, chunk, start), session.Run(whole, chunk, start), $"from {start}");
            start += chunk.Length;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(ShapesWithWindows))]
    public void A_missing_block_that_a_row_needs_is_refused(string name)
    {
        var checkpoint = Checkpoints.Named[name]();
        using var session = new Session(Backend, checkpoint);
        var table = session.Table(20);
        session.Run(table, Tokens.AsSpan(0, 18), 0);
        table[^1] = KvBlock.None;

        var run = () => session.Run(table, Tokens.AsSpan(0, 1), 18);

        run.Should().Throw<ArgumentException>().WithMessage("Row 0: tokens from 16 on have no block*");
    }

    [SkippableTheory]
    [MemberData(nameof(PrecisionsOfShapes))]
    public void A_precision_is_the_reference_on_the_weights_it_holds(Precision precision, string name)
    {
        var checkpoint = Checkpoints.Named[name]();
        if (!Backend.IsNear(precision, checkpoint.Info.Architecture)) return;
        using var session = new Session(Backend, checkpoint, precision: precision);
        var reference = new ReferenceModel(checkpoint.Held(Backend, precision));
        var signals = session.Run(session.Table(64), Tokens, 0);
        var squares = 0d;
        for (var row = 0; row < Tokens.Length; row++)
        {
            var expected = reference.Step(Tokens[row], session.Depth, session.Depth);
            var off = signals[row].TargetLogProbability - expected[row % expected.Length];
            Math.Abs(off).Should().BeLessThan(session.Tolerance.LogProbability, $"row {row}");
            expected[signals[row].TopId].Should().BeApproximately(expected.Max(), 2 * session.Tolerance.LogProbability);
            squares += off * off;
        }

        Math.Sqrt(squares / Tokens.Length).Should().BeLessThan(session.Tolerance.LogProbabilityOnAverage);
    }

    [SkippableTheory]
    [MemberData(nameof(Variants))]
    public void Greedy_tokens_are_those_of_the_reference(string variant)
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(), TensorType.BF16);
        using var session = new Session(Backend, checkpoint, variant: variant);
        var reference = new ReferenceModel(checkpoint);
        var table = session.Table(64);
        var token = 5;
        for (var position = 0; position < 40; position++)
        {
            var expected = ReferenceModel.Signal(reference.Step(token, 3, 3));
            session.Run(table, [token], position);
            var got = session.Greedy(1)[0].TokenId;
            if (expected.Margin > 2 * session.Tolerance.Probability) got.Should().Be(expected.TopId, $"position {position} is no near-tie");
            token = expected.TopId;
        }
    }

    [SkippableFact]
    public void A_bf16_load_of_f32_weights_is_the_bf16_model()
    {
        using var rounded = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture(), TensorType.BF16), precision: Precision.Fp32);
        using var held = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture(), TensorType.BF16));
        held.MustBeSame(rounded.Run(rounded.Table(64), Tokens, 0), held.Run(held.Table(64), Tokens, 0), "bf16 fits fp32 exactly");
        rounded.Size.LayerBytes[0].Should().BeGreaterThan(held.Size.LayerBytes[0]);
    }

    [SkippableFact]
    public void Sequences_of_two_depths_share_a_step()
    {
        var checkpoint = Checkpoints.Named["odd shapes, tied, f32"]();
        using var session = new Session(Backend, checkpoint);
        var (shallow, deep) = (new ReferenceModel(checkpoint), new ReferenceModel(checkpoint));
        var tables = session.Table(64).Concat(session.Table(64)).ToArray();
        for (var position = 0; position < 20; position++)
        {
            var (a, b) = (Tokens[position], Tokens[position + 20]);
            session.Model.Begin(new StepBatch { Rows = [new(a, position, 0, 2), new(b, position, 4, 3)], Blocks = tables });
            session.Model.Run(new LayerRange(0, 2));
            var deeper = () => session.Model.Run(new LayerRange(2, 3));
            deeper.Should().Throw<InvalidOperationException>("row 0 keeps KV for two layers");
            session.Model.Retire([0]);
            session.Model.Run(new LayerRange(2, 3));
            session.Model.Retire([1]);
            var tokens = session.Greedy(2);
            ((double)tokens[0].LogProbability).Should().BeApproximately(shallow.Step(a, 2, 2)[tokens[0].TokenId], session.Tolerance.LogProbability);
            ((double)tokens[1].LogProbability).Should().BeApproximately(deep.Step(b, 3, 3)[tokens[1].TokenId], session.Tolerance.LogProbability);
            tokens[0].LogProbability.Should().BeApproximately(MathF.Log(tokens[0].Signal.Top1), 1e-5f);
        }
    }

    [SkippableTheory]
    [InlineData("odd shapes, tied, f32")]
    [InlineData("one head for all, own exits")]
    [InlineData("layer norms, biases, learned positions, no gate, relu")]
    [InlineData("norms on outputs and over whole projections")]
    [InlineData("norms around, soft-caps, windows on some layers, multipliers")]
    [InlineData("experts that are not normed, layers of several kinds")]
    [InlineData(Checkpoints.OwnTransforms)]
    public void Tokens_that_leave_early_fill_the_kv_above(string name)
    {
        var checkpoint = Checkpoints.Named[name]();
        using var session = new Session(Backend, checkpoint);
        var reference = new ReferenceModel(checkpoint);
        var table = session.Table(64);
        for (var position = 0; position < 40;)
        {
            // Three tokens a step, of which the middle one leaves first.
            var depths = new[] { 3, 1 + position % 2, 3 };
            var rows = depths.Select((_, i) => new StepRow(Tokens[position + i], position + i, 0, 3)).ToArray();
            session.Model.Begin(new StepBatch { Rows = rows, Blocks = table });
            session.Model.Run(LayerRange.To(depths[1]));
            session.Model.Retire([1]);
            session.Model.Run(new LayerRange(depths[1], 3));
            session.Model.Retire([2, 0]);
            var tokens = session.Greedy(3);
            for (var i = 0; i < 3; i++, position++)
            {
                var expected = reference.Step(Tokens[position], depths[i], 3);
                ((double)tokens[i].LogProbability).Should().BeApproximately(expected[tokens[i].TokenId], session.Tolerance.LogProbability);
                expected[tokens[i].TokenId].Should().BeApproximately(expected.Max(), 2 * session.Tolerance.LogProbability);
            }
        }
    }
}
