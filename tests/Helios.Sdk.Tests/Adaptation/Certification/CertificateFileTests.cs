using Helios.Sdk.Lab;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Adaptation.Certification;

public sealed class CertificateFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("helios-").FullName;

    internal static RiskCertificate Sample(string checkpoint = "m", params CertifiedPoint[] points) => new()
    {
        Model = "m",
        Checkpoint = checkpoint,
        Precision = Precision.Auto,
        MaxDisagreement = 0.02,
        Confidence = 0.95,
        Requests = 400,
        Tokens = 40_000,
        MaxTokensPerRequest = 256,
        At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Points = [.. points],
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_written_is_read()
    {
        var certificate = Sample("abc", new CertifiedPoint(10, "none", 0.005, 0.01), new CertifiedPoint(12, "top1:0.9", 0.01, 0.04));
        CertificateFile.Save(certificate, Path.Combine(folder, "c.json"));

        CertificateFile.Load(Path.Combine(folder, "c.json")).Should().BeEquivalentTo(certificate);
        Directory.GetFiles(folder).Should().HaveCount(1);
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_beforehand()
    {
        var path = Path.Combine(folder, "letter.txt");
        CertificateFile.EnsureReplaceable(path);
        File.WriteAllText(path, "Dear Sir");
        var refuse = () => CertificateFile.EnsureReplaceable(path);
        refuse.Should().Throw<IOException>().WithMessage("*is not a certificate*");

        CertificateFile.Save(Sample("m", new CertifiedPoint(10, "none", 0.005, 0.01)), path + ".json");
        CertificateFile.EnsureReplaceable(path + ".json");
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "version")]
    [InlineData("\"confidence\": 0.95", "\"confidence\": 1.5", "confidence")]
    [InlineData("\"precision\": \"Auto\"", "\"precision\": \"Fine\"", "precision")]
    [InlineData("\"requests\": 400", "\"reqests\": 400", "reqests")]
    [InlineData("\"precision\": \"Auto\"", "\"precision\": \"0\"", "precision")]
    [InlineData("\"tokens\": 40000", "\"tokens\": 1e300", "tokens")]
    [InlineData("\"tokens\": 40000", "\"tokens\": -1", "tokens")]
    [InlineData("\"depth\": 10", "\"depth\": 0", "points[0].depth")]
    [InlineData("\"disagreement\": 0.005", "\"disagreement\": -0.5", "points[0].disagreement")]
    [InlineData("\"pValue\": 0.01", "\"pValue\": 0.06", "points[0].pValue")]
    public void What_is_no_certificate_is_refused_by_field(string good, string bad, string field)
    {
        var path = Path.Combine(folder, "c.json");
        CertificateFile.Save(Sample("abc", new CertifiedPoint(10, "none", 0.005, 0.01)), path);
        var text = File.ReadAllText(path);
        text.Should().Contain(good);
        File.WriteAllText(path, text.Replace(good, bad, StringComparison.Ordinal));

        var load = () => CertificateFile.Load(path);

        load.Should().Throw<CheckpointException>().WithMessage($"*c.json*{field}*");
    }

    [Fact]
    public void What_covers_no_point_is_no_certificate()
    {
        CertificateFile.Save(Sample("abc"), Path.Combine(folder, "c.json"));

        var load = () => CertificateFile.Load(Path.Combine(folder, "c.json"));

        load.Should().Throw<CheckpointException>().WithMessage("*c.json*points*one point or more*");
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_by_name()
    {
        var load = () => CertificateFile.Load(Path.Combine(folder, "none.json"));

        load.Should().Throw<CheckpointException>().WithMessage("*none.json*");
    }

    [Fact]
    public void It_covers_its_points_of_its_checkpoint_as_it_was_held()
    {
        var certificate = Sample("m", new CertifiedPoint(4, "none", 0, 0), new CertifiedPoint(6, "top1:0.9", 0, 0));
        var model = Tests.Adaptation.Sample.Model();

        certificate.Covers(model, Precision.Auto, Point(4)).Should().BeTrue();
        certificate.Covers(model, Precision.Auto, Point(6, "top1:0.9")).Should().BeTrue();
        certificate.Covers(model, Precision.Auto, Point(2)).Should().BeFalse();
        certificate.Covers(model, Precision.Auto, Point(4, "top1:0.9")).Should().BeFalse();
        certificate.Covers(model, Precision.Int8, Point(4)).Should().BeFalse();
        certificate.Covers(Tests.Adaptation.Sample.Model("other"), Precision.Auto, Point(4)).Should().BeFalse();
    }

    private static OperatingPoint Point(int depth, string policy = "none") => new(new LoadTarget("m", depth), policy);
}
