using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

public class ShadowSamplingTests
{
    [Fact]
    public void While_scoring_keeps_up_as_many_are_kept_as_are_wanted()
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.01);

        Run(sampling, 1000, scores: true).Should().BeInRange(99, 101);
        sampling.Owed.Should().Be(0);
    }

    [Fact]
    public void When_it_does_not_keep_up_the_promised_rate_remains()
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.01);
        Run(sampling, 100, scores: false);

        Run(sampling, 10_000, scores: false).Should().BeInRange(99, 101);
        sampling.Owed.Should().BeInRange(100, 101);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kinds_of_requests_that_come_in_turns_are_all_kept_alike(bool settled)
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.05) { IsSettled = settled };
        var byKind = new int[10];
        for (var i = 0; i < 10_000; i++)
        {
            if (!sampling.Take()) continue;
            byKind[i % 10]++;
            sampling.Begin();
            sampling.Scored(1, 10);
        }

        // Each is taken as often, but for four standard deviations.
        var expected = settled ? 50 : 100;
        byKind.Should().OnlyContain(count => Math.Abs(count - expected) < 4 * Math.Sqrt(expected));
    }

    [Fact]
    public void A_debt_is_paid_by_scoring_and_nothing_is_paid_ahead()
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.1);
        sampling.Scored(texts: 50, tokens: 0);
        Run(sampling, 20, scores: false);
        sampling.Owed.Should().Be(2);

        sampling.Scored(texts: 1, tokens: 0);

        sampling.Owed.Should().Be(0);
    }

    [Fact]
    public void Too_little_evidence_keeps_every_request()
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.01) { WantsMore = true };

        Run(sampling, 20, scores: true).Should().Be(20);
    }

    [Fact]
    public void Scoring_is_due_when_a_few_texts_wait_or_one_is_owed()
    {
        var sampling = new ShadowSampling(rate: 1, least: 0.01);
        Run(sampling, 3, scores: false);
        sampling.IsDue.Should().BeFalse();
        Run(sampling, 1, scores: false);
        sampling.IsDue.Should().BeTrue();

        sampling.Begin();
        sampling.Scored(4, 40);
        sampling.IsDue.Should().BeFalse();
        var rare = new ShadowSampling(rate: 0.01, least: 0.01);
        Run(rare, 110, scores: false);
        rare.IsDue.Should().BeTrue();
    }

    [Fact]
    public void A_rate_of_nothing_promises_nothing()
    {
        var sampling = new ShadowSampling(rate: 0, least: 0.01);

        Run(sampling, 1000, scores: false).Should().Be(0);
        sampling.Owed.Should().Be(0);
    }

    [Fact]
    public void Scored_tokens_count_from_the_last_publish()
    {
        var sampling = new ShadowSampling(rate: 0.1, least: 0.01);
        sampling.Scored(2, 80);
        sampling.Published();
        sampling.Scored(1, 30);

        sampling.ScoredTokens.Should().Be(30);
    }

    private static int Run(ShadowSampling sampling, int requests, bool scores)
    {
        var taken = 0;
        for (var i = 0; i < requests; i++)
        {
            if (!sampling.Take()) continue;
            taken++;
            if (!scores) continue;
            sampling.Begin();
            sampling.Scored(1, 10);
        }

        return taken;
    }
}
