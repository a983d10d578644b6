using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Model;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests.Model;

/// <summary>Logits that are edited before the draw, and what is read from them as they were.</summary>
public sealed class LogitsEditTests : IDisposable
{
    private const int Vocabulary = 1003;

    private readonly Session session = new(
        new RandomCheckpoint(
            RandomCheckpoint.Architecture(vocabulary: Vocabulary), TensorType.BF16, 3,
            new ModelExit(1, OwnNorm: true, OwnHead: true), new ModelExit(2, OwnNorm: true), new ModelExit(3)),
        threads: 3);

    public void Dispose() => session.Dispose();

    [Theory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    public void The_draw_is_from_the_edited_logits_and_all_else_from_the_untouched(float temperature)
    {
        var plain = Sample(row => new SampleRow(row, temperature, 0, 1, 0.4, ExitSignals.Top1 | ExitSignals.Entropy));
        var forced = Sample(row => new SampleRow(row, temperature, 0, 1, 0.4, ExitSignals.Top1 | ExitSignals.Entropy)
        {
            Edit = new Edits((position, logits) =>
            {
                logits.Fill(float.NegativeInfinity);
                logits[position * 7] = -3;
            }),
        });

        for (var row = 0; row < forced.Length; row++)
        {
            forced[row].TokenId.Should().Be(row * 7, "an edit is told the row's position, which is not its place in the step");
            forced[row].Signal.Should().Be(plain[row].Signal);
            forced[row].LogProbability.Should().Be(LogProbabilities(row)[forced[row].TokenId]);
        }
    }

    [Fact]
    public void An_edit_that_changes_nothing_changes_nothing()
    {
        var seen = 0;
        var nothing = new Edits((_, logits) =>
        {
            logits.Length.Should().Be(Vocabulary);
            Interlocked.Increment(ref seen);
        });
        Sample(row => new SampleRow(row, 0.9f, 40, 0.9f, 0.1 * row, ExitSignals.None) { MinP = 0.01f, Edit = nothing })
            .Should().Equal(Sample(row => new SampleRow(row, 0.9f, 40, 0.9f, 0.1 * row, ExitSignals.None) { MinP = 0.01f }));
        seen.Should().Be(6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.MaxValue)]
    [InlineData(float.MinValue)]
    public void An_edit_that_leaves_nothing_of_use_harms_no_other_row(float value)
    {
        SampleRow Draw(int row) => new(row, 0.7f, 20, 0.9f, 0.6, ExitSignals.None) { MinP = 0.01f };
        var plain = Sample(Draw);
        var ruined = new Edits((_, logits) => logits.Fill(value));
        var spoilt = Sample(row => row % 2 == 0 ? Draw(row) : Draw(row) with { Edit = ruined });
        for (var row = 0; row < plain.Length; row++)
        {
            if (row % 2 == 0) spoilt[row].Should().Be(plain[row]);
            else spoilt[row].TokenId.Should().BeInRange(0, Vocabulary - 1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(Vocabulary)]
    [InlineData(Vocabulary + 5)]
    public void The_likeliest_tokens_come_in_order(int count)
    {
        var likeliest = Enumerable.Range(0, 6).Select(_ => new TokenLogProbability[count]).ToArray();
        var tokens = Sample(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.None) { Likeliest = likeliest[row] });
        for (var row = 0; row < tokens.Length; row++)
        {
            var all = LogProbabilities(row);
            var found = likeliest[row].Take(Vocabulary).ToList();
            found.Select(token => token.LogProbability).Should().Equal(all.OrderDescending().Take(count));
            found.Should().OnlyContain(token => token.LogProbability == all[token.TokenId]).And.OnlyHaveUniqueItems(token => token.TokenId);
            likeliest[row][0].Should().Be(new TokenLogProbability(tokens[row].TokenId, tokens[row].LogProbability));
        }

        if (count >= Vocabulary) likeliest[0].Take(Vocabulary).Sum(token => Math.Exp(token.LogProbability)).Should().BeApproximately(1, 1e-4);
    }

    [Fact]
    public void The_likeliest_of_any_logits_are_the_first_of_all_sorted()
    {
        var cases = Gen.Choose(-6, 6).Select(logit => (float)logit).NonEmptyListOf().Zip(Gen.Choose(1, 20));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var (logits, count) = drawn;
            var found = new TokenLogProbability[count];
            HeadReader.FindLikeliest(logits.ToArray(), new LogitSummary { Sum = 1 }, found);
            var order = logits.Select((logit, id) => new TokenLogProbability(id, logit)).OrderByDescending(token => token.LogProbability).ThenBy(token => token.TokenId);
            found.Take(logits.Count).Should().Equal(order.Take(count));
        }));
    }

    [Fact]
    public void A_share_out_of_range_is_refused()
    {
        foreach (var minP in new[] { -0.1f, 1.1f, float.NaN })
        {
            var sample = () => Sample(row => new SampleRow(row, 1, 0, 1, 0, ExitSignals.None) { MinP = minP });
            sample.Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    /// <summary>Six rows of one sequence, behind a row of another, that leave two by two at depths 1, 2 and 3.</summary>
    private void Leave(Action<int>? before = null)
    {
        StepRow[] rows = [new StepRow(5, 0, 0, 3), .. Enumerable.Range(0, 6).Select(i => new StepRow((i * 37 + 11) % Vocabulary, i, 1, 3))];
        session.Model.Begin(new StepBatch { Rows = rows, Blocks = [new KvBlock(0, 0), new KvBlock(0, 1)] });
        for (var depth = 1; depth <= 3; depth++)
        {
            session.Model.Run(new LayerRange(depth - 1, depth));
            before?.Invoke(depth);
            session.Model.Retire([2 * depth - 1, 2 * depth]);
        }
    }

    private SampledToken[] Sample(Func<int, SampleRow> draw)
    {
        Leave();
        var tokens = new SampledToken[6];
        session.Model.Sample([.. Enumerable.Range(0, 6).Select(position => draw(position) with { Row = position + 1 })], tokens);
        return tokens;
    }

    /// <summary>Log probabilities of all tokens at the depth where a row leaves, as a look gives them.</summary>
    private float[] LogProbabilities(int row)
    {
        var signals = new ExitSignal[1];
        var all = new float[Vocabulary];
        Leave(depth =>
        {
            if (depth != row / 2 + 1) return;
            for (var id = 0; id < Vocabulary; id++)
            {
                session.Model.ReadSignals(new ExitLook { Rows = [row + 1], Needs = ExitSignals.None, Targets = [id] }, signals);
                all[id] = signals[0].TargetLogProbability;
            }
        });
        return all;
    }

    private sealed class Edits(EditAction edit) : ILogitsEdit
    {
        public void Edit(int position, Span<float> logits) => edit(position, logits);
    }

    private delegate void EditAction(int position, Span<float> logits);
}
