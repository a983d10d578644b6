using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Certification over a real model.</summary>
public class CertifyTests
{
    private static readonly CalibrationText[] Texts =
        [.. Enumerable.Range(0, 12).Select(i => new CalibrationText([4093, .. Enumerable.Range(0, 30).Select(j => 300 + (i * 37 + j * j) % 3000)], PromptLength: 5))];

    [Fact]
    public async Task Depths_are_counted_as_scoring_has_them()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", depth: 1);

        var report = await engine.Engine.Lab.CertifyAsync(new CertificationRequest { Model = "tiny-s", Texts = Texts, MaxDisagreement = 0.9, Confidence = 0.5 });

        report.Requests.Should().Be(12);
        report.Tokens.Should().Be(12 * 26);
        report.Points.Select(point => point.Point.Depth).Should().Equal(5, 4, 3, 2);
        var differing = 0;
        foreach (var text in Texts)
        {
            var score = await engine.Engine.Lab.ScoreAsync("tiny-s", text.TokenIds, [5, 6]);
            differing += Enumerable.Range(4, 26).Count(i => score.Depths[0].TopIds[i] != score.Depths[1].TopIds[i]);
        }

        report.Points[0].Disagreement.Should().BeApproximately(differing / (12.0 * 26), 1e-12);
        report.Certificate!.Points[0].Depth.Should().Be(5);
        report.Certificate.Checkpoint.Should().Be(engine.Engine.Pool.Snapshot.Models[0].Info.Fingerprint);
    }

    [Fact]
    public async Task A_policy_that_never_lets_go_agrees_with_the_full_depth()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", depth: 1);

        var report = await engine.Engine.Lab.CertifyAsync(new CertificationRequest
        {
            Model = "tiny-s",
            Texts = Texts,
            Points = [new CertificationPoint(6, "top1:1"), new CertificationPoint(6, "top1:0.1")],
        });

        report.Points[0].Disagreement.Should().Be(0);
        report.Points[1].Disagreement.Should().BePositive();
        report.Certificate.Should().BeNull("twelve requests show nothing");
        report.Verdict.Should().StartWith("No point qualifies").And.Contain("too few");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task What_cannot_be_certified_is_refused_at_once()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", depth: 1);
        var good = new CertificationRequest { Model = "tiny-s", Texts = Texts };

        foreach (var (bad, says) in new (CertificationRequest, string)[]
        {
            (good with { Model = "tiny-x" }, "*tiny-x*"),
            (good with { MaxDisagreement = 0 }, "*MaxDisagreement*0*"),
            (good with { Confidence = 1 }, "*Confidence*1*"),
            (good with { Texts = [] }, "*texts*"),
            (good with { Texts = [new CalibrationText([1, 9999])] }, "*9999*"),
            (good with { Points = [new CertificationPoint(6)] }, "*full depth*"),
            (good with { Points = [new CertificationPoint(7)] }, "*1 to 6*"),
            (good with { Points = [new CertificationPoint(6, "confidence:0.9")] }, "*learnt while serving*"),
            (good with { Points = [new CertificationPoint(6, "guess:1")] }, "*guess*"),
        })
        {
            var certify = () => engine.Engine.Lab.CertifyAsync(bad);
            (await certify.Should().ThrowAsync<ArgumentException>()).WithMessage(says);
        }
    }
}
