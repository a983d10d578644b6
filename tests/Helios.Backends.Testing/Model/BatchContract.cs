using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>The composed model against itself: what a row is given does not depend on its company, nor on where a prompt or a walk was cut.</summary>
public abstract class BatchContract<TBackend> : BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    private static readonly int[] Tokens = Checkpoints.Text;

    [SkippableTheory]
    [MemberData(nameof(VariantsAndPrecisions))]
    public void Prompts_cut_anywhere_on_any_threads_give_the_same(string variant, Precision precision)
    {
        var checkpoint = Checkpoints.Named["llama 3 scaling, wide"]();
        ExitSignal[] whole;
        using (var session = new Session(Backend, checkpoint, threads: 1, variant: variant, precision: precision)) whole = session.Run(session.Table(64), Tokens, 0);
        foreach (var (threads, chunk, blockTokens) in new[] { (1, 1, 16), (2, 7, 16), (3, 16, 32), (2, 31, 64), (4, 53, 16) })
        {
            using var session = new Session(Backend, checkpoint, threads: threads, variant: variant, precision: precision, tokensPerBlock: blockTokens, blocks: 8);
            var table = session.Table(64);
            for (var start = 0; start < Tokens.Length; start += chunk)
            {
                var part = Tokens.AsSpan(start, Math.Min(chunk, Tokens.Length - start));
                var signals = session.Run(table, part, start);
                for (var i = 0; i < signals.Length; i++)
                    session.MustBeSameButTarget(signals[i], whole[start + i], $"row {start + i} of chunks of {chunk} on {threads} threads");
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(VariantsAndPrecisions))]
    public void A_batch_gives_each_sequence_what_it_gets_alone(string variant, Precision precision)
    {
        var checkpoint = Checkpoints.Named["one head for all, own exits"]();
        using var session = new Session(Backend, checkpoint, variant: variant, precision: precision);
        var lengths = new[] { 1, 16, 17, 9 };
        var alone = lengths.Select((length, s) => session.Run(session.Table(64), Sequence(s, length), 0)).ToArray();

        var tables = lengths.Select(session.Table).ToArray();
        var rows = new List<StepRow>();
        var first = 0;
        for (var s = 0; s < lengths.Length; first += tables[s++].Length)
            rows.AddRange(Sequence(s, lengths[s]).Select((token, i) => new StepRow(token, i, first, session.Depth)));
        session.Model.Begin(new StepBatch { Rows = rows.ToArray(), Blocks = tables.SelectMany(table => table).ToArray() });
        session.Model.Run(LayerRange.To(3));
        var signals = session.Check(rows.Count);
        var at = 0;
        foreach (var expected in alone)
            foreach (var signal in expected) session.MustBeSameButTarget(signals[at++], signal, "company changes nothing");
    }

    [SkippableFact]
    public void A_model_streamed_layer_by_layer_gives_the_same()
    {
        var checkpoint = Checkpoints.Named["one head for all, own exits"]();
        var byDepth = new List<ExitSignal[]>();
        using (var whole = new Session(Backend, checkpoint))
        {
            whole.Model.Begin(new StepBatch { Rows = Rows(3), Blocks = whole.Table(64) });
            for (var layer = 0; layer < 3; layer++)
            {
                whole.Model.Run(new LayerRange(layer, layer + 1));
                byDepth.Add(whole.Check(Tokens.Length));
            }
        }

        using var session = new Session(Backend, checkpoint, kvLayers: 1, blocks: 4);
        var table = session.Table(64);
        for (var layer = 0; layer < 3; layer++)
        {
            session.Model.UseLayers([session.Layers[layer]]);
            session.Model.Begin(new StepBatch { Rows = Rows(1), Blocks = table, Resume = layer > 0 });
            session.Model.Run(new LayerRange(layer, layer + 1));
            session.MustBeSame(session.Check(Tokens.Length), byDepth[layer], $"layer {layer}");
        }

        session.Model.Retire([Tokens.Length - 1]);
        var last = session.Greedy([Tokens.Length - 1], ExitSignals.Top1 | ExitSignals.Margin | ExitSignals.Entropy)[0];
        last.TokenId.Should().Be(last.Signal.TopId);
        session.MustBeSameButTarget(last.Signal, byDepth[2][^1]);

        StepRow[] Rows(int kvDepth) => [.. Tokens.Select((token, i) => new StepRow(token, i, 0, kvDepth))];
    }

    [SkippableFact]
    public void A_nan_stays_in_the_sequence_it_arose_in()
    {
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(hidden: 37, tied: false));
        checkpoint.Poison(TensorRole.Embedding, -1, 37 * 7);
        using var poisoned = new Session(Backend, checkpoint);
        var blocks = poisoned.Table(16).Concat(poisoned.Table(16)).ToArray();
        poisoned.Model.Begin(new StepBatch { Rows = [new(7, 0, 0, 3), new(8, 0, 1, 3)], Blocks = blocks });
        poisoned.Model.Run(LayerRange.To(3));
        var signals = poisoned.Check(2);
        float.IsNaN(signals[0].Top1).Should().BeTrue();
        signals[0].TopId.Should().Be(0);
        float.IsNaN(signals[1].Top1).Should().BeFalse();
        foreach (var temperature in (float[])[0, 0.8f])
        {
            var drawn = new SampledToken[2];
            poisoned.Model.Sample([new(0, temperature, 0, 0.9f, 0.5, ExitSignals.Top1), new(1, temperature, 0, 0.9f, 0.5, ExitSignals.Top1)], drawn);
            drawn.Select(token => float.IsNaN(token.Signal.Top1)).Should().Equal(true, false);
            drawn.Should().OnlyContain(token => token.TokenId >= 0 && token.TokenId < 105);
        }

        // The next step puts another token where the NaN was.
        poisoned.Model.Begin(new StepBatch { Rows = [new(9, 0, 0, 3), new(8, 0, 1, 3)], Blocks = blocks });
        poisoned.Model.Run(LayerRange.To(3));
        float.IsNaN(poisoned.Check(2)[0].Entropy).Should().BeFalse();
    }

    [SkippableTheory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_logit_of_positive_infinity_leaves_no_distribution_and_one_of_negative_infinity_does(float weight)
    {
        const int Token = 11;
        var checkpoint = new MemoryCheckpoint(MemoryCheckpoint.Architecture(hidden: 37, tied: false));
        checkpoint.Poison(TensorRole.Head, -1, 37 * Token, weight);
        using var poisoned = new Session(Backend, checkpoint);
        var rows = Enumerable.Range(0, 16).Select(i => new StepRow(i * 3, i, 0, 3)).ToArray();
        poisoned.Model.Begin(new StepBatch { Rows = rows, Blocks = poisoned.Table(16) });
        poisoned.Model.Run(LayerRange.To(3));

        var signals = new ExitSignal[rows.Length];
        poisoned.Model.ReadSignals(
            new ExitCheck { Rows = [.. Enumerable.Range(0, rows.Length)], Needs = ExitSignals.Top1, Targets = [.. rows.Select(_ => Token)] }, signals);

        // The sign of one number of a row's state decides; among sixteen there are both.
        signals.Select(signal => float.IsNaN(signal.Top1)).Distinct().Should().HaveCount(2);
        signals.Where(signal => !float.IsNaN(signal.Top1)).Should().OnlyContain(signal => float.IsNegativeInfinity(signal.TargetLogProbability) && signal.TopId != Token);
    }

    private static int[] Sequence(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => (i * 31 + seed * 17 + 3) % 105)];
}
