using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Tests.Adaptation.Certification;

namespace Helios.Sdk.Tests.Adaptation.Objectives;

/// <summary>Who comes and who goes at a floor: the active point, and a newcomer, on the same figures.</summary>
public class FloorTests
{
    private static readonly AdaptationOptions Options = new() { MaxQualityGap = 0.1, MinAgreement = 0.8, MaxGapUncertainty = 0.05 };

    private static readonly PointProfile Newcomer = Sample.Point(depth: 4) with
    {
        QualityGap = 0.08,
        QualityGapInterval = new Interval(0.05, 0.11),
        Agreement = 0.85,
        AgreementInterval = new Interval(0.75, 0.9),
        EvidenceRequests = 10,
    };

    [Fact]
    public void A_newcomer_needs_its_estimate_within_the_floor()
    {
        Because(Newcomer).Should().BeNull();
        Because(Newcomer with { QualityGap = 0.12, QualityGapInterval = new Interval(0.09, 0.15) }).Should().Contain("0.12 (0.09 to 0.15 by 10 requests) is over 0.1");
        Because(Newcomer with { Agreement = 0.79 }).Should().Contain("0.79 (0.75 to 0.9 by 10 requests) is under 0.8");
    }

    [Fact]
    public void A_newcomer_needs_enough_evidence_and_says_what_is_lacking()
    {
        Because(Newcomer with { EvidenceRequests = 4 }).Should().Contain("has evidence from 4 requests, and needs 5");
        var wide = Newcomer with { QualityGapInterval = new Interval(-0.1, 0.26) };
        Because(wide).Should().Contain("±0.18").And.Contain("±0.05");
        Because(wide with { EvidenceRequests = 60 }).Should().BeNull("a full window is all there is to be had");
    }

    [Fact]
    public void What_serves_is_left_only_when_its_interval_lies_beyond_or_the_window_is_full()
    {
        var near = Newcomer with { IsServing = true, QualityGap = 0.12, QualityGapInterval = new Interval(0.09, 0.15), Agreement = 0.79 };

        Because(near).Should().BeNull();
        Because(near with { QualityGapInterval = new Interval(0.101, 0.139) }).Should().Contain("quality gap");
        Because(near with { AgreementInterval = new Interval(0.7, 0.79) }).Should().Contain("agreement");
        Because(near with { EvidenceRequests = 60 }).Should().Contain("quality gap").And.Contain("agreement");
        Because(near with { QualityGap = double.NaN, QualityGapInterval = null }).Should().Contain("quality gap");
    }

    [Fact]
    public void What_was_left_for_a_floor_returns_only_when_its_whole_interval_is_within()
    {
        var left = Newcomer with { WasBelowFloor = true, AgreementInterval = new Interval(0.81, 0.9) };
        var shown = left with { QualityGapInterval = new Interval(0.06, 0.1) };

        Because(left).Should().Contain("0.08 (0.05 to 0.11 by 10 requests) may be over 0.1");
        Because(shown).Should().BeNull();
        Because(shown with { AgreementInterval = new Interval(0.75, 0.9) }).Should().Contain("may be under 0.8");
        Because(shown with { QualityGapInterval = null }).Should().Contain("may be over");
        Because(left with { IsServing = true }).Should().BeNull("it has been let in");
    }

    [Fact]
    public void Nothing_is_concluded_of_what_serves_from_fewer_requests_than_it_takes() =>
        Because(Newcomer with { IsServing = true, QualityGap = 0.5, QualityGapInterval = null, EvidenceRequests = 1 }).Should().BeNull();

    [Fact]
    public void More_texts_are_wanted_while_they_would_decide()
    {
        var guard = new FloorRule(Options, Sample.Goals(Options));
        var serving = Newcomer with { IsServing = true, EvidenceRequests = 20 };
        var spared = serving with { QualityGap = 0.12, QualityGapInterval = new Interval(0.08, 0.16) };

        guard.WantsMore(serving).Should().BeFalse();
        guard.WantsMore(spared).Should().BeTrue("it stays only until there is more");
        guard.WantsMore(spared with { EvidenceRequests = 60 }).Should().BeFalse("there is no more to be had");
        guard.WantsMore(spared with { QualityGapInterval = new Interval(0.101, 0.139) }).Should().BeFalse("it is left");
        guard.WantsMore(serving with { EvidenceRequests = 4 }).Should().BeTrue();
    }

    [Fact]
    public void Only_certified_points_and_full_depths_may_serve_when_certificates_are_required()
    {
        var options = new AdaptationOptions { RequireCertificate = true };
        string? Because(PointProfile profile) => ObjectiveParser.Constrain(new ThroughputObjective(), options, _ => 0.3).Score(profile).InfeasibleBecause;

        Because(Sample.Point(depth: 4)).Should().Contain("no certificate");
        Because(Sample.Point(depth: 4) with { Certificate = CertificateFileTests.Sample() }).Should().BeNull();
        Because(Sample.Point(depth: 6)).Should().BeNull();
        Because(Sample.Point(depth: 6) with { Point = new OperatingPoint(new LoadTarget("m", 6), "top1:0.9") }).Should().Contain("no certificate");
    }

    [Fact]
    public void The_guard_of_quality_speaks_once_until_all_is_reassessed()
    {
        var guard = new FloorRule(Options, Sample.Goals(Options));
        var bad = Newcomer with { IsServing = true, QualityGap = 0.5, QualityGapInterval = new Interval(0.4, 0.6) };

        guard.IsBreached(bad with { EvidenceRequests = 4 }, out _).Should().BeFalse("four requests show nothing");
        guard.IsBreached(bad, out var because).Should().BeTrue();
        because.Should().Contain("0.5");
        guard.IsBreached(bad, out _).Should().BeFalse();
        guard.Rearm();
        guard.IsBreached(bad, out _).Should().BeTrue();
        guard.IsBreached(Newcomer with { IsServing = true }, out _).Should().BeFalse();
    }

    [Fact]
    public void A_point_that_serves_again_is_spoken_of_again()
    {
        var guard = new FloorRule(Options, Sample.Goals(Options));
        var bad = Newcomer with { IsServing = true, QualityGap = 0.5, QualityGapInterval = new Interval(0.4, 0.6) };
        guard.IsBreached(bad, out _).Should().BeTrue();
        guard.IsBreached(Sample.Point(depth: 6) with { IsServing = true, QualityGap = 0, EvidenceRequests = 10 }, out _).Should().BeFalse();

        guard.IsBreached(bad, out _).Should().BeTrue();
    }

    private static string? Because(PointProfile profile) =>
        ObjectiveParser.Constrain(new ThroughputObjective(), Options, _ => 0.3).Score(profile).InfeasibleBecause;
}
