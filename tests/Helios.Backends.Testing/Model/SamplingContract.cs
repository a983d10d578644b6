using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing.Model;

/// <summary>
/// What is drawn from the logits a model gives, against a distribution sorted in float64; logits that are edited before the
/// draw, and what is read from them as they were.
/// </summary>
public abstract class SamplingContract<TBackend> : BackendContract<TBackend>, IDisposable
    where TBackend : BackendUnderTest, new()
{
    private const int Vocabulary = 1003;
    private const int Count = 6;

    private readonly Session session = new(
        Backend,
        new MemoryCheckpoint(
            MemoryCheckpoint.Architecture(vocabulary: Vocabulary), TensorType.BF16, 3,
            new ModelExit(1, OwnNorm: true, OwnHead: true), new ModelExit(2, OwnNorm: true), new ModelExit(3)),
        threads: 3);

    public void Dispose()
    {
        session.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableTheory]
    [InlineData(0.3f)]
    [InlineData(1f)]
    [InlineData(2.5f)]
    public void Draws_follow_the_sorted_distribution(float temperature)
    {
        var logProbabilities = LogProbabilities();
        foreach (var topK in new[] { 0, 1, 2, 40, Vocabulary, Vocabulary + 5 })
            foreach (var topP in new[] { 0.01f, 0.5f, 0.95f, 1f })
                foreach (var minP in new[] { 0f, 0.03f, 1f })
                {
                    double[] uniforms = [0, 0.1, 0.5, 0.9, 0.999, 1 - 1e-16];
                    SampleRow Draw(int row) => new(row, temperature, topK, topP, uniforms[row], ExitSignals.None) { MinP = minP };
                    var tokens = Sample(Draw);
                    for (var row = 0; row < Count; row++) MustBeRight(logProbabilities[row], Draw(row), tokens[row].TokenId);
                }
    }

    [SkippableFact]
    public void Where_there_is_but_one_token_it_is_sure()
    {
        using var session = new Session(Backend, new MemoryCheckpoint(MemoryCheckpoint.Architecture(vocabulary: 1)));
        var signal = session.Run(session.Table(2), [0, 0], 0)[1];
        (signal.TopId, signal.Top1, signal.Margin).Should().Be((0, 1f, 1f));
        signal.Entropy.Should().BeApproximately(0, 1e-6f);
        var tokens = new SampledToken[1];
        session.Model.Sample([new(1, 0.7f, 5, 0.9f, 0.99, ExitSignals.None)], tokens);
        tokens[0].TokenId.Should().Be(0);
    }

    [SkippableFact]
    public void Log_probabilities_are_those_of_the_untouched_logits_whatever_is_drawn()
    {
        var logProbabilities = LogProbabilities();
        var tokens = Sample(row => new SampleRow(row, 2, 0, 1, 0.17 * row, ExitSignals.None) { Edit = new Edits((_, logits) => logits[0] = -1) });
        for (var row = 0; row < Count; row++) MustBeNear(tokens[row].LogProbability, logProbabilities[row][tokens[row].TokenId]);
        tokens.Select(token => token.TokenId).Distinct().Should().HaveCountGreaterThan(3, "the draws differ");
    }

    [SkippableFact]
    public void Equal_logits_go_to_the_lowest_id()
    {
        var edit = new Edits((_, logits) =>
        {
            logits.Fill(1);
            (logits[9], logits[70], logits[900]) = (2, 2, 2);
        });
        Sample(row => new SampleRow(row, 0, 0, 1, 0.99, ExitSignals.None) { Edit = edit }).Should().OnlyContain(token => token.TokenId == 9);
        var one = Sample(row => new SampleRow(row, 1, 1, 1, 0.99, ExitSignals.None) { Edit = edit });
        one.Should().OnlyContain(token => token.TokenId == 9, "one token is kept, the lowest");
        var cold = Sample(row => new SampleRow(row, 0.001f, 0, 1, (row + 0.5) / Count, ExitSignals.None) { Edit = edit });
        cold.Select(token => token.TokenId).Should().Equal([9, 9, 70, 70, 900, 900], "three are left, in order of their ids");
    }

    [SkippableTheory]
    [ClassData(typeof(MinPCases))]
    public void Min_p_keeps_a_share_of_the_likeliest(float minP, float topP, int last)
    {
        var edit = new Edits((_, logits) =>
        {
            logits.Fill(float.NegativeInfinity);
            MinPCases.Logits.CopyTo(logits);
        });
        var tokens = Sample(row => new SampleRow(row, 1, 0, topP, row % 2 == 0 ? 0 : 1 - 1e-16, ExitSignals.None) { MinP = minP, Edit = edit });
        tokens.Select(token => token.TokenId).Should().Equal(0, last, 0, last, 0, last);
    }

    [SkippableTheory]
    [InlineData(0f)]
    [InlineData(0.8f)]
    public void The_draw_is_from_the_edited_logits_and_all_else_from_the_untouched(float temperature)
    {
        var logProbabilities = LogProbabilities();
        var plain = Sample(row => new SampleRow(row, temperature, 0, 1, 0.4, ExitSignals.Top1 | ExitSignals.Entropy));
        var forced = Sample(row => new SampleRow(row, temperature, 0, 1, 0.4, ExitSignals.Top1 | ExitSignals.Entropy)
        {
            Edit = new Edits((position, logits) =>
            {
                logits.Fill(float.NegativeInfinity);
                logits[position * 7] = -3;
            }),
        });

        for (var row = 0; row < Count; row++)
        {
            forced[row].TokenId.Should().Be(row * 7, "an edit gets the row's position, which is not its place in the step");
            session.MustBeSame(forced[row].Signal, plain[row].Signal);
            MustBeNear(forced[row].LogProbability, logProbabilities[row][row * 7]);
        }
    }

    [SkippableFact]
    public void An_edit_that_changes_nothing_changes_nothing()
    {
        var seen = 0;
        var nothing = new Edits((_, logits) =>
        {
            logits.Length.Should().Be(Vocabulary);
            Interlocked.Increment(ref seen);
        });
        SampleRow Draw(int row) => new(row, 0.9f, 40, 0.9f, 0.1 * row, ExitSignals.None) { MinP = 0.01f };
        var (plain, edited) = (Sample(Draw), Sample(row => Draw(row) with { Edit = nothing }));
        seen.Should().Be(Count);
        MustBeDrawn(edited, plain, Draw);
    }

    [SkippableTheory]
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
        spoilt.Should().OnlyContain(token => token.TokenId >= 0 && token.TokenId < Vocabulary);
        for (var row = 1; row < Count; row += 2) spoilt[row] = plain[row];
        MustBeDrawn(spoilt, plain, Draw);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(Vocabulary)]
    [InlineData(Vocabulary + 5)]
    public void The_likeliest_tokens_come_in_order(int count)
    {
        var (found, tokens) = LikeliestInOrder(count);
        var byDepth = Checked();
        for (var row = 0; row < Count; row++)
        {
            var all = byDepth[row];
            found[row].Should().HaveCount(Math.Min(count, Vocabulary)).And.OnlyHaveUniqueItems(token => token.TokenId);
            found[row].Select(token => token.LogProbability).Should().BeInDescendingOrder();
            foreach (var (token, expected) in found[row].Zip(all.OrderDescending()))
            {
                MustBeNear(token.LogProbability, expected);
                MustBeNear(token.LogProbability, all[token.TokenId]);
            }

            found[row][0].Should().Be(new TokenLogProbability(tokens[row].TokenId, tokens[row].LogProbability));
        }

        if (count >= Vocabulary) found[0].Sum(token => Math.Exp(token.LogProbability)).Should().BeApproximately(1, 1e-4);
    }

    [SkippableFact]
    public void A_share_out_of_range_is_refused()
    {
        foreach (var minP in new[] { -0.1f, 1.1f, float.NaN })
        {
            var sample = () => Sample(row => new SampleRow(row, 1, 0, 1, 0, ExitSignals.None) { MinP = minP });
            sample.Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    /// <summary>The same tokens, or, where bits may differ, ones that the sorted distribution allows as well.</summary>
    private void MustBeDrawn(SampledToken[] found, SampledToken[] expected, Func<int, SampleRow> draw)
    {
        if (Backend.BitExact)
        {
            found.Should().Equal(expected);
            return;
        }

        var logProbabilities = LogProbabilities();
        for (var row = 0; row < Count; row++) MustBeRight(logProbabilities[row], draw(row), found[row].TokenId);
    }

    private void MustBeNear(float found, float expected)
    {
        if (Backend.BitExact) found.Should().Be(expected);
        else found.Should().BeApproximately(expected, (float)(2 * session.Tolerance.LogProbability));
    }

    private void MustBeRight(float[] logits, SampleRow row, int got)
    {
        // Logits may differ by as much between two checks them; float weights may move sums by a hair.
        var off = Backend.BitExact ? 0 : 2 * session.Tolerance.LogProbability;
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).ToList();
        var kept = row.TopK > 0 ? Math.Min(row.TopK, order.Count) : order.Count;
        var weights = order.Select(i => Math.Exp(((double)logits[i] - logits[order[0]]) / row.Temperature)).ToList();
        var share = row.MinP * Math.Exp(-2 * off / row.Temperature) * (1 - 1e-5);
        var place = order.IndexOf(got);
        place.Should().BeGreaterThanOrEqualTo(0, row.ToString());
        if (place >= kept) ((double)logits[got]).Should().BeGreaterThanOrEqualTo(logits[order[kept - 1]] - 2 * off, $"{row}, of whose likeliest it is place {place}");
        weights[place].Should().BeGreaterThanOrEqualTo(share, row.ToString());

        var total = weights.Take(kept).Sum();
        var slack = (1e-5 + 4 * off / row.Temperature) * total;
        var below = weights.Take(place).Sum();
        below.Should().BeLessThan(place == 0 ? double.MaxValue : row.TopP * total + slack, row.ToString());

        // Those that every cut surely keeps, and those that some cut may keep, bracket the mass that is drawn from.
        double Mass(double edge, double least)
        {
            var (sum, count) = (0d, 0);
            do sum += weights[count++];
            while (count < kept && sum < row.TopP * total + edge && weights[count] >= least);
            return sum;
        }

        (below + weights[place]).Should().BeGreaterThanOrEqualTo(row.Uniform * Mass(-slack, row.MinP * Math.Exp(2 * off / row.Temperature) * (1 + 1e-5)) - slack, row.ToString());
        below.Should().BeLessThanOrEqualTo(row.Uniform * Mass(slack, share) + slack, row.ToString());
    }

    /// <summary>Six rows of one sequence, behind a row of another, that leave two by two at depths 1, 2 and 3.</summary>
    private void Leave(Action<int>? before = null)
    {
        StepRow[] rows = [new StepRow(5, 0, 0, 3), .. Enumerable.Range(0, Count).Select(i => new StepRow((i * 37 + 11) % Vocabulary, i, 1, 3))];
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
        var tokens = new SampledToken[Count];
        session.Model.Sample([.. Enumerable.Range(0, Count).Select(position => draw(position) with { Row = position + 1 })], tokens);
        return tokens;
    }

    private (List<TokenLogProbability>[] Found, SampledToken[] Tokens) LikeliestInOrder(int count)
    {
        var likeliest = Enumerable.Range(0, Count).Select(_ => new TokenLogProbability[count]).ToArray();
        var tokens = Sample(row => new SampleRow(row, 0, 0, 1, 0, ExitSignals.None) { Likeliest = likeliest[row] });
        return ([.. likeliest.Select(row => row.Take(Vocabulary).ToList())], tokens);
    }

    /// <summary>Per row the log probabilities of all tokens, as a draw gives them.</summary>
    private float[][] LogProbabilities() => [.. LikeliestInOrder(Vocabulary).Found.Select(row => row.OrderBy(token => token.TokenId).Select(token => token.LogProbability).ToArray())];

    /// <summary>The same, as checks give them at the depth where a row leaves.</summary>
    private float[][] Checked()
    {
        var signals = new ExitSignal[2];
        var all = Enumerable.Range(0, Count).Select(_ => new float[Vocabulary]).ToArray();
        Leave(depth =>
        {
            for (var id = 0; id < Vocabulary; id++)
            {
                session.Model.ReadSignals(new ExitCheck { Rows = [2 * depth - 1, 2 * depth], Needs = ExitSignals.None, Targets = [id, id] }, signals);
                (all[2 * depth - 2][id], all[2 * depth - 1][id]) = (signals[0].TargetLogProbability, signals[1].TargetLogProbability);
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
