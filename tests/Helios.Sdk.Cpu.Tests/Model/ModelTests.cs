using Helios.Sdk.Cpu.Tests.Kernels;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>The composed model against the plain float64 one, and against itself.</summary>
public sealed class ModelTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 53).Select(i => (i * 37 + 11) % 105)];

    public static TheoryData<string> Shapes() => new(Checkpoints.Keys);

    public static TheoryData<int, Precision> WidthsAndPrecisions()
    {
        var cases = new TheoryData<int, Precision>();
        foreach (var width in KernelTests.AllWidths)
            foreach (var precision in new[] { Precision.Fp32, Precision.Bf16, Precision.Int8, Precision.Int4 }) cases.Add(width, precision);
        return cases;
    }

    private static Dictionary<string, Func<RandomCheckpoint>> Checkpoints { get; } = new(StringComparer.Ordinal)
    {
        ["odd shapes, tied, f32"] = () => new(RandomCheckpoint.Architecture()),
        ["untied, bf16"] = () => new(RandomCheckpoint.Architecture(tied: false), TensorType.BF16),
        ["odd hidden, f16, untied"] = () => new(RandomCheckpoint.Architecture(hidden: 37, tied: false), TensorType.F16),
        ["one head for all, own exits"] = () => new(
            RandomCheckpoint.Architecture(heads: 6, kvHeads: 1, headDim: 16), TensorType.BF16, 3,
            new ModelExit(1, OwnNorm: true, OwnHead: true), new ModelExit(2, OwnNorm: true), new ModelExit(3)),
        ["as many kv heads, linear scaling"] = () => new(
            RandomCheckpoint.Architecture(heads: 3, kvHeads: 3, headDim: 64, scaling: new RopeScaling(RopeScalingKind.Linear, 4)), TensorType.BF16),
        ["llama 3 scaling, wide"] = () => new(
            RandomCheckpoint.Architecture(hidden: 512, heads: 8, kvHeads: 2, headDim: 64, feedForward: 333, vocabulary: 1003, layers: 2, scaling: new RopeScaling(RopeScalingKind.Llama3, 8, 1, 4, 32)),
            TensorType.BF16),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Signals_match_the_reference_at_every_depth(string name)
    {
        var checkpoint = Checkpoints[name]();
        using var session = new Session(checkpoint);
        var reference = new ReferenceModel(checkpoint);
        var expected = Tokens.Select(token => reference.StepAll(token, session.Depth, session.Depth)).ToArray();

        var rows = Tokens.Select((token, i) => new StepRow(token, i, 0, session.Depth)).ToArray();
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = session.Table(Tokens.Length) });
        for (var depth = 1; depth <= session.Depth; depth++)
        {
            session.Model.Run(new LayerRange(depth - 1, depth));
            var signals = session.Look(rows.Length);
            for (var row = 0; row < rows.Length; row++)
            {
                var (wanted, got) = (expected[row][depth - 1], signals[row]);
                var signal = ReferenceModel.Signal(wanted);
                wanted[got.TopId].Should().BeApproximately(wanted[signal.TopId], 1e-4);
                got.Top1.Should().BeApproximately(signal.Top1, 1e-5f);
                got.Margin.Should().BeApproximately(signal.Margin, 1e-5f);
                got.Entropy.Should().BeApproximately(signal.Entropy, 1e-4f);
                got.TargetLogProbability.Should().BeApproximately((float)wanted[row % wanted.Length], 1e-4f);
            }
        }
    }

    // Int4 takes activations in 8 bits, so that it alone is only near what its weights say.
    [Theory]
    [InlineData(Precision.Fp32, 1e-4, 2e-5)]
    [InlineData(Precision.Bf16, 1e-4, 2e-5)]
    [InlineData(Precision.Int8, 1e-3, 3e-4)]
    [InlineData(Precision.Int4, 0.4, 0.05)]
    public void A_precision_is_the_reference_on_the_weights_it_holds(Precision precision, double allowed, double allowedOnAverage)
    {
        foreach (var name in Checkpoints.Keys)
        {
            var checkpoint = Checkpoints[name]();
            using var session = new Session(checkpoint, precision: precision);
            var reference = new ReferenceModel(checkpoint.Held(precision));
            var signals = session.Run(session.Table(64), Tokens, 0);
            var squares = 0d;
            for (var row = 0; row < Tokens.Length; row++)
            {
                var expected = reference.Step(Tokens[row], session.Depth, session.Depth);
                var off = signals[row].TargetLogProbability - expected[row % expected.Length];
                Math.Abs(off).Should().BeLessThan(allowed, $"{name}, row {row}");
                expected[signals[row].TopId].Should().BeApproximately(expected.Max(), allowed);
                squares += off * off;
            }

            Math.Sqrt(squares / Tokens.Length).Should().BeLessThan(allowedOnAverage, name);
        }
    }

    [Theory]
    [MemberData(nameof(KernelTests.Widths), MemberType = typeof(KernelTests))]
    public void Every_width_greedily_decodes_what_the_reference_does(int width)
    {
        var checkpoint = new RandomCheckpoint(RandomCheckpoint.Architecture(), TensorType.BF16);
        using var session = new Session(checkpoint, width: width);
        var reference = new ReferenceModel(checkpoint);
        var table = session.Table(64);
        var (token, expected) = (5, 5);
        for (var position = 0; position < 40; position++)
        {
            expected = ReferenceModel.Signal(reference.Step(expected, 3, 3)).TopId;
            session.Run(table, [token], position);
            token = Greedy(session, 1)[0].TokenId;
            token.Should().Be(expected);
        }
    }

    [Fact]
    public void A_bf16_load_of_f32_weights_is_the_bf16_model()
    {
        using var rounded = new Session(new RandomCheckpoint(RandomCheckpoint.Architecture(), TensorType.BF16), precision: Precision.Fp32);
        using var held = new Session(new RandomCheckpoint(RandomCheckpoint.Architecture(), TensorType.BF16));
        rounded.Run(rounded.Table(64), Tokens, 0).Should().Equal(held.Run(held.Table(64), Tokens, 0), "bf16 fits fp32 exactly");
        rounded.Size.LayerBytes[0].Should().BeGreaterThan(held.Size.LayerBytes[0]);
    }

    [Theory]
    [MemberData(nameof(WidthsAndPrecisions))]
    public void Prompts_cut_anywhere_on_any_threads_give_the_same_bits(int width, Precision precision)
    {
        var checkpoint = Checkpoints["llama 3 scaling, wide"]();
        ExitSignal[] whole;
        using (var session = new Session(checkpoint, threads: 1, width: width, precision: precision)) whole = session.Run(session.Table(64), Tokens, 0);
        foreach (var (threads, chunk, blockTokens) in new[] { (1, 1, 16), (2, 7, 16), (3, 16, 32), (2, 31, 64), (4, 53, 16) })
        {
            using var session = new Session(checkpoint, threads: threads, width: width, precision: precision, tokensPerBlock: blockTokens, blocks: 8);
            var table = session.Table(64);
            for (var start = 0; start < Tokens.Length; start += chunk)
            {
                var part = Tokens.AsSpan(start, Math.Min(chunk, Tokens.Length - start));
                var signals = session.Run(table, part, start);
                for (var i = 0; i < signals.Length; i++)
                    Same(signals[i], whole[start + i]).Should().BeTrue($"row {start + i} of chunks of {chunk} on {threads} threads");
            }
        }
    }

    [Theory]
    [MemberData(nameof(WidthsAndPrecisions))]
    public void A_batch_gives_each_sequence_the_bits_it_gets_alone(int width, Precision precision)
    {
        var checkpoint = Checkpoints["one head for all, own exits"]();
        using var session = new Session(checkpoint, width: width, precision: precision);
        var lengths = new[] { 1, 16, 17, 9 };
        var alone = lengths.Select((length, s) => session.Run(session.Table(64), Sequence(s, length), 0)).ToArray();

        var tables = lengths.Select(session.Table).ToArray();
        var rows = new List<StepRow>();
        var first = 0;
        for (var s = 0; s < lengths.Length; first += tables[s++].Length)
            rows.AddRange(Sequence(s, lengths[s]).Select((token, i) => new StepRow(token, i, first, session.Depth)));
        session.Model.Begin(new StepBatch { Rows = rows.ToArray(), Blocks = tables.SelectMany(table => table).ToArray() });
        session.Model.Run(LayerRange.To(3));
        var signals = session.Look(rows.Count);
        var at = 0;
        foreach (var expected in alone)
            foreach (var signal in expected) Same(signals[at++], signal).Should().BeTrue();
    }

    [Fact]
    public void Sequences_of_two_depths_share_a_step()
    {
        var checkpoint = Checkpoints["odd shapes, tied, f32"]();
        using var session = new Session(checkpoint);
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
            var tokens = Greedy(session, 2);
            tokens[0].LogProbability.Should().BeApproximately((float)shallow.Step(a, 2, 2)[tokens[0].TokenId], 1e-4f);
            tokens[1].LogProbability.Should().BeApproximately((float)deep.Step(b, 3, 3)[tokens[1].TokenId], 1e-4f);
            tokens[0].LogProbability.Should().BeApproximately(tokens[0].Signal.Top1 == 0 ? 0 : MathF.Log(tokens[0].Signal.Top1), 1e-5f);
        }
    }

    [Theory]
    [InlineData("odd shapes, tied, f32")]
    [InlineData("one head for all, own exits")]
    public void Tokens_that_leave_early_fill_the_kv_above(string name)
    {
        var checkpoint = Checkpoints[name]();
        using var session = new Session(checkpoint);
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
            var tokens = Greedy(session, 3);
            for (var i = 0; i < 3; i++, position++)
            {
                var expected = reference.Step(Tokens[position], depths[i], 3);
                tokens[i].LogProbability.Should().BeApproximately((float)expected[tokens[i].TokenId], 1e-4f);
                expected[tokens[i].TokenId].Should().BeApproximately(expected.Max(), 1e-4);
            }
        }
    }

    [Fact]
    public void A_model_streamed_layer_by_layer_gives_the_same_bits()
    {
        var checkpoint = Checkpoints["one head for all, own exits"]();
        var byDepth = new List<ExitSignal[]>();
        using (var whole = new Session(checkpoint))
        {
            whole.Model.Begin(new StepBatch { Rows = Rows(3), Blocks = whole.Table(64) });
            for (var layer = 0; layer < 3; layer++)
            {
                whole.Model.Run(new LayerRange(layer, layer + 1));
                byDepth.Add(whole.Look(Tokens.Length));
            }
        }

        using var session = new Session(checkpoint, kvLayers: 1, blocks: 4);
        var table = session.Table(64);
        for (var layer = 0; layer < 3; layer++)
        {
            session.Model.UseLayers([session.Layers[layer]]);
            session.Model.Begin(new StepBatch { Rows = Rows(1), Blocks = table, Resume = layer > 0 });
            session.Model.Run(new LayerRange(layer, layer + 1));
            var signals = session.Look(Tokens.Length);
            for (var row = 0; row < signals.Length; row++) Same(signals[row], byDepth[layer][row]).Should().BeTrue();
        }

        session.Model.Retire([Tokens.Length - 1]);
        Greedy(session, [Tokens.Length - 1])[0].TokenId.Should().Be(byDepth[2][^1].TopId);

        StepRow[] Rows(int kvDepth) => [.. Tokens.Select((token, i) => new StepRow(token, i, 0, kvDepth))];
    }

    [Fact]
    public void A_nan_stays_in_the_sequence_it_arose_in()
    {
        var checkpoint = new RandomCheckpoint(RandomCheckpoint.Architecture(hidden: 37, tied: false));
        checkpoint.Poison(TensorRole.Embedding, -1, 37 * 7);
        using var poisoned = new Session(checkpoint);
        var blocks = poisoned.Table(16).Concat(poisoned.Table(16)).ToArray();
        poisoned.Model.Begin(new StepBatch { Rows = [new(7, 0, 0, 3), new(8, 0, 1, 3)], Blocks = blocks });
        poisoned.Model.Run(LayerRange.To(3));
        var signals = poisoned.Look(2);
        float.IsNaN(signals[0].Top1).Should().BeTrue();
        signals[0].TopId.Should().Be(0);
        float.IsNaN(signals[1].Top1).Should().BeFalse();

        // The next step puts another token where the NaN was.
        poisoned.Model.Begin(new StepBatch { Rows = [new(9, 0, 0, 3), new(8, 0, 1, 3)], Blocks = blocks });
        poisoned.Model.Run(LayerRange.To(3));
        float.IsNaN(poisoned.Look(2)[0].Entropy).Should().BeFalse();
    }

    private static int[] Sequence(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => (i * 31 + seed * 17 + 3) % 105)];

    private static SampledToken[] Greedy(Session session, int count) => Greedy(session, [.. Enumerable.Range(0, count)]);

    private static SampledToken[] Greedy(Session session, int[] rows)
    {
        var tokens = new SampledToken[rows.Length];
        session.Model.Sample(rows.Select(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.Top1)).ToArray(), tokens);
        return tokens;
    }

    // Bit for bit, but for the target, which depends on the row's place in the look.
    private static bool Same(ExitSignal left, ExitSignal right) =>
        (left with { TargetLogProbability = 0 }) == (right with { TargetLogProbability = 0 });
}
