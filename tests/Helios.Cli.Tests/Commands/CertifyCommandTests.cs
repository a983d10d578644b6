namespace Helios.Cli.Tests.Commands;

public sealed class CertifyCommandTests
{
    private const string Stories = "Once upon a time, there was a little girl who liked to play.\n\nThe old dog ran to the park with his friend.\n\nOne day, a bird sat on a tree and sang.";

    [Fact]
    public async Task Says_what_qualifies_and_writes_the_certificate()
    {
        using var folder = new TempFolder();
        var texts = folder.Write("texts.txt", Stories);
        var file = Path.Combine(folder.Path, "certificate.json");

        var certified = await CliRunner.JsonAsync("certify", TestData.TinyS, "--texts", texts, "--max-disagreement", "0.95", "--confidence", "0.1", "--out", file);

        certified.Int("requests").Should().Be(3);
        certified.GetProperty("points")[0].Int("depth").Should().Be(5);
        certified.GetProperty("points")[0].GetProperty("certified").GetBoolean().Should().BeTrue();
        certified.GetProperty("certificate").Int("requests").Should().Be(3);
        Helios.Sdk.Lab.CertificateFile.Load(file).Points[0].Depth.Should().Be(5);
    }

    [Fact]
    public async Task Says_that_none_qualifies_and_why()
    {
        using var folder = new TempFolder();
        var texts = folder.Write("texts.txt", Stories);
        var file = folder.Write("certificate.json", """{ "version": 1, "checkpoint": "of a former run", "maxDisagreement": 0.1, "points": [] }""");

        var refused = await CliRunner.JsonAsync("certify", TestData.TinyS, "--texts", texts, "--policies", "top1:0.99", "top1:0.5", "--out", file);

        refused.GetProperty("certificate").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        refused.Text("verdict").Should().Contain("No point qualifies");
        refused.GetProperty("points")[1].Text("because").Should().Contain("not tested");
        File.Exists(file).Should().BeFalse();
    }

    [Theory]
    [InlineData("certify", "--texts")]
    [InlineData("profile", "--texts")]
    public async Task A_file_of_another_kind_at_out_is_left_alone_and_said_at_once(string command, string texts)
    {
        using var folder = new TempFolder();
        var file = folder.Write("notes.json", """{ "mine": true }""");

        var result = await CliRunner.RunAsync(command, TestData.TinyS, texts, folder.Write("texts.txt", Stories), "--out", file);

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain(file).And.Contain("not overwritten");
        File.ReadAllText(file).Should().Be("""{ "mine": true }""");
    }

    [Theory]
    [InlineData("--max-disagreement", "2")]
    [InlineData("--confidence", "0")]
    [InlineData("--depths", "6")]
    [InlineData("--policies", "confidence:0.9")]
    public async Task Bad_usage_is_said(string option, string value)
    {
        using var folder = new TempFolder();

        var result = await CliRunner.RunAsync("certify", TestData.TinyS, "--texts", folder.Write("texts.txt", Stories), option, value);

        result.Code.Should().Be(ExitCode.BadUsage);
        result.Error.Should().Contain(value);
    }
}
