using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Tests.Adaptation.Repository;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class CandidateEvidenceTests
{
    [Fact]
    public void Figures_follow_from_the_taps()
    {
        var evidence = new CandidateEvidence([2, 6], window: 64);
        var taps = new RequestTaps(1, [2, 6], positions: 4, firstServed: 1, judged: new(4, 8));
        (int Top, float Confidence)[] shallow = [(9, 0), (1, 0.9f), (2, 0.7f), (3, 0.2f)];
        int[] full = [1, 1, 2, 4];
        for (var i = 0; i < 4; i++)
        {
            taps.At(0)[i] = new ExitSignal { TopId = shallow[i].Top, Confidence = shallow[i].Confidence, TargetLogProbability = -2 };
            taps.At(1)[i] = new ExitSignal { TopId = full[i], TargetLogProbability = -1 };
        }

        evidence.Add(taps);
        var exits = evidence.Summarize(0.7);

        // Quality over all 4 tokens: 8 nats over 8 bytes; counts over the 3 served ones.
        exits[0].BitsPerByte.Should().BeApproximately(1 / Math.Log(2), 1e-12);
        exits[1].BitsPerByte.Should().BeApproximately(0.5 / Math.Log(2), 1e-12);
        exits[0].Agreement.Should().BeApproximately(2.0 / 3, 1e-12);
        exits[0].BreachRate.Should().BeApproximately(1.0 / 3, 1e-12);
        exits[0].ExitShare.Should().BeApproximately(2.0 / 3, 1e-12);
        exits[1].Should().BeEquivalentTo(new { Agreement = 1.0, BreachRate = 0.0, Tokens = 3, Requests = 1, Bytes = 8L });
        exits[1].ExitShare.Should().BeApproximately(1.0 / 3, 1e-12);
    }

    [Fact]
    public void Sums_over_the_longest_texts_of_a_file_stay_numbers()
    {
        const int Longest = 1 << 30;
        var evidence = new CandidateEvidence([6], window: 64);
        evidence.Restore(Enumerable.Range(0, 8).Select(text => new RequestEvidence(text, Longest, Longest, [new ExitSums(1e12, Longest, Records.Sure(Longest), Records.Sure(Longest))])));

        var exit = evidence.Summarize(0.7)[0];

        (exit.Agreement, exit.ExitShare, exit.Coverage, exit.Tokens).Should().Be((1, 1, 1, int.MaxValue));
        exit.BitsPerByte.Should().BePositive().And.BeLessThan(1e6);
    }

    [Fact]
    public void Nothing_known_is_null_not_zero()
    {
        var exit = new CandidateEvidence([2, 6], window: 64).Summarize(0.7)[0];

        exit.Should().BeEquivalentTo(new { BitsPerByte = (double?)null, Agreement = (double?)null, BreachRate = (double?)null, ExitShare = (double?)null, Tokens = 0 });
    }

    [Fact]
    public void The_histogram_of_the_first_sure_exit_sums_to_one()
    {
        var evidence = new CandidateEvidence([2, 4, 6], window: 64);
        var taps = new RequestTaps(1, [2, 4, 6], positions: 3, firstServed: 0, judged: new(3, 3));
        taps.At(0)[0].Confidence = 1;
        taps.At(1)[0].Confidence = 1;
        taps.At(1)[1].Confidence = float.NaN;
        evidence.Add(taps);

        evidence.Summarize(0.5).Select(exit => exit.ExitShare!.Value).Should().Equal(1.0 / 3, 0, 2.0 / 3);
        evidence.Summarize(0.5).Select(exit => exit.Coverage!.Value).Should().Equal(1.0 / 3, 1.0 / 3, 1);
    }

    [Fact]
    public void What_was_scored_answers_for_any_target()
    {
        var evidence = new CandidateEvidence([2, 4, 6], window: 64);
        var taps = new RequestTaps(1, [2, 4, 6], positions: 4, firstServed: 0, judged: new(4, 4));
        (float Shallow, float Deep)[] confidences = [(0.3f, 0.9f), (0.7f, 0.2f), (0.8f, 0.95f), (float.NaN, 0.7f)];
        for (var i = 0; i < 4; i++) (taps.At(0)[i].Confidence, taps.At(1)[i].Confidence) = confidences[i];
        evidence.Add(taps);

        (double[] Breaches, double[] Coverage) At(double target) => (
            [.. evidence.Summarize(target).Select(exit => exit.BreachRate!.Value)],
            [.. evidence.Summarize(target).Select(exit => exit.Coverage!.Value)]);

        At(0).Should().BeEquivalentTo((Breaches: (double[])[0.25, 0, 0], Coverage: (double[])[0.75, 1, 1]), "what is not a number is under every target");
        At(0.7).Should().BeEquivalentTo((Breaches: (double[])[0.5, 0.25, 0], Coverage: (double[])[0.5, 1, 1]));
        At(0.75).Should().BeEquivalentTo((Breaches: (double[])[0.75, 0.5, 0], Coverage: (double[])[0.25, 0.5, 1]));
        At(1).Should().BeEquivalentTo((Breaches: (double[])[1, 1, 0], Coverage: (double[])[0, 0, 1]));
    }

    [Fact]
    public void Evidence_of_a_former_run_fills_the_window_and_is_the_first_to_leave()
    {
        var former = new CandidateEvidence([6], window: 64);
        for (var i = 1; i <= 4; i++) former.Add(Flat(-i, nats: i));
        var evidence = new CandidateEvidence([6], window: 4);
        evidence.Add(Flat(1, nats: 9));

        evidence.Restore(former.Scored);
        evidence.Scored.Select(request => request.Text).Should().Equal(-2, -3, -4, 1);
        evidence.Add(Flat(2, nats: 9));
        evidence.Scored.Select(request => request.Text).Should().Equal(-3, -4, 1, 2);
    }

    [Fact]
    public void Only_the_last_requests_count()
    {
        var evidence = new CandidateEvidence([6], window: 64);
        for (var i = 0; i < 64; i++) evidence.Add(Flat(i, nats: 9));
        for (var i = 0; i < 64; i++) evidence.Add(Flat(100 + i, nats: 1));

        evidence.Requests.Should().Be(64);
        evidence.Summarize(0.7)[0].BitsPerByte.Should().BeApproximately(1 / Math.Log(2), 1e-12);
    }

    [Fact]
    public void A_text_scored_again_counts_once()
    {
        var evidence = new CandidateEvidence([6], window: 64);
        evidence.Add(Flat(1, nats: 9));
        evidence.Add(Flat(1, nats: 2));

        evidence.Requests.Should().Be(1);
        evidence.Summarize(0.7)[0].BitsPerByte.Should().BeApproximately(2 / Math.Log(2), 1e-12);
    }

    [Fact]
    public void Candidates_are_compared_on_the_same_texts()
    {
        var (one, other) = (new CandidateEvidence([6], window: 64), new CandidateEvidence([6], window: 64));
        one.Add(Flat(1, nats: 5)); // a hard text that only this one scored
        one.Add(Flat(2, nats: 2));
        other.Add(Flat(2, nats: 1.5));

        one.GapTo(0, other)!.Value.Value.Should().BeApproximately(0.5 / Math.Log(2), 1e-12);
        one.GapTo(0, other)!.Value.Interval.Should().BeNull("nobody knows how a single text scatters");
        one.GapTo(0, new CandidateEvidence([6], window: 64)).Should().BeNull();
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_not_a_number_is_no_quality_and_no_measure_of_it(double nats)
    {
        var (broken, sound) = (new CandidateEvidence([6], window: 64), new CandidateEvidence([6], window: 64));
        for (var text = 0; text < 3; text++)
        {
            broken.Add(Flat(text, nats: text == 1 ? nats : 2));
            sound.Add(Flat(text, nats: 2));
        }

        broken.Summarize(0.7)[0].BitsPerByte.Should().Be(double.PositiveInfinity);
        broken.GapTo(0, sound)!.Value.Should().BeEquivalentTo(new { Value = double.PositiveInfinity, Interval = (Interval?)null });
        sound.GapTo(0, broken)!.Value.Value.Should().Be(double.NaN, "an infinitely bad reference would make anything look good");
        broken.GapTo(0, broken)!.Value.Value.Should().Be(double.NaN);
    }

    [Fact]
    public void A_gap_on_texts_that_differ_widely_is_known_as_well_as_the_differences_are_alike()
    {
        var (one, other) = (new CandidateEvidence([6], window: 64), new CandidateEvidence([6], window: 64));
        for (var text = 0; text < 8; text++)
        {
            one.Add(Flat(text, nats: 1 + text + 0.5));
            other.Add(Flat(text, nats: 1 + text));
        }

        var gap = one.GapTo(0, other)!.Value;

        gap.Interval!.Value.Contains(0.5 / Math.Log(2)).Should().BeTrue();
        gap.Interval!.Value.Width.Should().BeLessThan(1e-5);
    }

    [Fact]
    public void Shares_come_with_intervals_over_requests_below_the_full_depth()
    {
        var evidence = new CandidateEvidence([2, 6], window: 64);
        for (var text = 0; text < 10; text++)
        {
            // Half of the texts agree in every token, half in none.
            var taps = new RequestTaps(text, [2, 6], positions: 50, firstServed: 0, judged: new(50, 50));
            for (var i = 0; i < 50; i++) taps.At(0)[i].TopId = text % 2;
            evidence.Add(taps);
        }

        var exits = evidence.Summarize(0.7);

        exits[0].AgreementInterval!.Value.Low.Should().BeLessThan(0.25, "ten requests are ten coins, not five hundred");
        exits[0].AgreementInterval!.Value.High.Should().BeGreaterThan(0.75);
        exits[0].BreachRateInterval!.Value.High.Should().Be(1);
        exits[1].AgreementInterval.Should().BeNull();
        exits[1].BreachRateInterval.Should().BeNull();
    }

    [Fact]
    public void Taps_of_other_exits_are_refused()
    {
        var add = () => new CandidateEvidence([2, 6], window: 64).Add(Flat(1, 1));

        add.Should().Throw<ArgumentException>();
    }

    /// <summary>One position, one byte, one exit.</summary>
    private static RequestTaps Flat(long text, double nats)
    {
        var taps = new RequestTaps(text, [6], positions: 1, firstServed: 0, judged: new(1, 1));
        taps.At(0)[0].TargetLogProbability = (float)-nats;
        return taps;
    }
}
