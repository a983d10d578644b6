using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Adaptation.Statistics;
using Helios.Sdk.Tests.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Certification;

public class RiskTestTests
{
    private const int Longest = 256;
    private const int Trials = 400;

    [Fact]
    public void Nothing_disagreeing_is_nearly_the_binomial_test()
    {
        // 0.98^n = 0.05 at n = 149; half of the wealth is on that stake, so it takes ln 2 / -ln 0.98 = 35 more at most.
        RiskTest.PValue(Perfect(149), 0.02, Longest).Should().BeInRange(0.05, 0.1);
        RiskTest.PValue(Perfect(149 + 35), 0.02, Longest).Should().BeLessThanOrEqualTo(0.05);
        RiskTest.RequestsNeeded(Perfect(10), 0.02, Longest, 0.05).Should().BeInRange(149, 149 + 35);
    }

    [Fact]
    public void A_share_over_the_bound_is_never_certified()
    {
        RiskTest.PValue([.. Enumerable.Repeat(new Counted(10, 256), 100_000)], 0.02, Longest).Should().Be(1);
        RiskTest.RequestsNeeded([new Counted(10, 256)], 0.02, Longest, 0.05).Should().BeNull();
    }

    [Fact]
    public void Tokens_are_not_units()
    {
        // A million tokens that agree, but of three requests only.
        RiskTest.PValue([.. Enumerable.Repeat(new Counted(0, 333_333), 3)], 0.02, longest: 333_333).Should().BeGreaterThan(0.9);
    }

    [Fact]
    public void The_order_of_requests_does_not_matter()
    {
        var requests = new SyntheticRequests(seed: 1) { Rate = 0.01 }.Draw(300);

        RiskTest.PValue([.. requests.Reverse()], 0.02, Longest).Should().BeApproximately(RiskTest.PValue(requests, 0.02, Longest), 1e-12);
    }

    [Fact]
    public void A_request_over_the_longest_is_refused()
    {
        var test = () => RiskTest.PValue([new Counted(0, 257)], 0.02, Longest);

        test.Should().Throw<ArgumentException>().WithMessage("*257*256*");
    }

    /// <summary>Populations whose share is the bound itself: each certificate is a false one.</summary>
    [Theory]
    [InlineData("clustered", 20, 0.8)]
    [InlineData("skewed", 1, 0.8)]
    [InlineData("lengths of a heavy tail", 20, 1.5)]
    [InlineData("skewed, in lengths of a heavy tail", 1, 1.5)]
    [InlineData("independent tokens", 1e6, 0)]
    public void False_certificates_are_as_rare_as_promised(string population, double concentration, double lengthSpread)
    {
        var requests = new SyntheticRequests(seed: 7) { Rate = 0.05, Concentration = concentration, LengthSpread = lengthSpread };

        var certified = Enumerable.Range(0, Trials).Count(_ => RiskTest.PValue(requests.Draw(250), 0.05, Longest) <= 0.05);

        // 5 % and three standard deviations of the trial.
        certified.Should().BeLessThanOrEqualTo((int)(Trials * 0.05 + 3 * Math.Sqrt(Trials * 0.05 * 0.95)), population);
    }

    [Fact]
    public void A_test_over_tokens_certifies_falsely_where_this_one_does_not()
    {
        var requests = new SyntheticRequests(seed: 7) { Rate = 0.05, Concentration = 20 };
        var (byTokens, byRequests) = (0, 0);
        for (var i = 0; i < Trials; i++)
        {
            var drawn = requests.Draw(250);
            if (TokenLevelTest.PValue(drawn, 0.05) <= 0.05) byTokens++;
            if (RiskTest.PValue(drawn, 0.05, Longest) <= 0.05) byRequests++;
        }

        byTokens.Should().BeGreaterThan((int)(Trials * 0.10));
        byRequests.Should().BeLessThanOrEqualTo((int)(Trials * 0.05));
    }

    [Theory]
    [InlineData(0.01, 1000)]
    [InlineData(0, 500)]
    public void What_is_well_under_the_bound_is_certified(double rate, int count)
    {
        var requests = new SyntheticRequests(seed: 11) { Rate = rate, LongestRequest = 64, LengthSpread = 0.5 };

        var certified = Enumerable.Range(0, 100).Count(_ => RiskTest.PValue(requests.Draw(count), 0.03, 64) <= 0.05);

        certified.Should().BeGreaterThan(90);
    }

    private static Counted[] Perfect(int requests) => [.. Enumerable.Repeat(new Counted(0, Longest), requests)];
}
