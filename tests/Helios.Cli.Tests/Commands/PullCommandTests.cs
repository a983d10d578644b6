using Helios.Sdk.Tests.Hub;

namespace Helios.Cli.Tests.Commands;

/// <summary><c>helios pull</c> from a Hub on this machine.</summary>
public sealed class PullCommandTests : IDisposable
{
    private readonly FakeHub hub = new();
    private readonly TempFolder folder = new();

    public PullCommandTests()
    {
        foreach (var file in Directory.GetFiles(TestData.TinyS)) hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
    }

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Pulls_a_model_that_can_be_used_at_once()
    {
        var to = Path.Combine(folder.Path, "model");
        var pulled = await CliRunner.JsonAsync("pull", "org/model", "--endpoint", hub.Address, "--to", to);
        pulled.Fields().Should().Equal("path", "commit", "files", "bytes");
        pulled.Text("path").Should().Be(to);
        pulled.Text("commit").Should().Be(FakeHub.Commit);
        pulled.Int("files").Should().Be(Directory.GetFiles(to).Length);
        pulled.Long("bytes").Should().Be(Directory.GetFiles(to).Sum(file => new FileInfo(file).Length));
        (await CliRunner.JsonAsync("inspect", to)).Text("name").Should().Be("model");
    }

    [Fact]
    public async Task Shows_its_progress_to_people()
    {
        var result = await CliRunner.RunAsync("pull", "org/model", "--endpoint", hub.Address, "--to", folder.Path);
        result.Code.Should().Be(ExitCode.Done);
        result.Out.Trim().Should().Be(folder.Path);
        result.Error.Should().Contain("model.safetensors: ").And.Contain($"commit {FakeHub.Commit}");
    }

    [Theory]
    [InlineData("../model", null, ExitCode.BadUsage, "is no id of the Hugging Face Hub, expected org/name")]
    [InlineData("org/model", "ftp://hub", ExitCode.BadUsage, "--endpoint is 'ftp://hub'; expected an address that starts with https")]
    [InlineData("org/other", null, ExitCode.Failed, "There is no such model, revision or file.")]
    public async Task What_cannot_be_pulled_is_said_in_a_line(string id, string? endpoint, int code, string message)
    {
        var result = await CliRunner.RunAsync("pull", id, "--endpoint", endpoint ?? hub.Address, "--to", folder.Path);
        result.Code.Should().Be(code);
        result.Out.Should().BeEmpty();
        result.Error.Should().Contain(message);
    }
}
