namespace Helios.Cli.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Says_what_the_machine_offers()
    {
        var report = await CliRunner.JsonAsync("doctor");
        report.Fields().Should().Equal("runtime", "operatingSystem", "architecture", "processor", "memory", "energySources", "backends");
        report.GetProperty("processor").Int("processors").Should().Be(Environment.ProcessorCount);
        report.GetProperty("memory").Long("totalBytes").Should().BePositive();

        var backends = report.GetProperty("backends").EnumerateArray().ToDictionary(backend => backend.Text("name")!, StringComparer.Ordinal);
        backends["cpu"].GetProperty("isFound").GetBoolean().Should().BeTrue();
        var torch = backends["torchsharp"];
        torch.GetProperty("isFound").GetBoolean().Should().BeFalse();
        torch.Text("missingBecause").Should().Be("Planned: the package Helios.Sdk.TorchSharp does not exist yet.");
        torch.GetProperty("pathsTried").EnumerateArray().Should().BeEmpty();
    }

    [Fact]
    public async Task People_get_a_table_with_reasons()
    {
        var result = await CliRunner.RunAsync("doctor");
        result.Code.Should().Be(CliApp.Done);
        result.Error.Should().BeEmpty();
        result.Out.Should().Contain("vectors").And.Contain("memory limit").And.Contain("RAPL").And.Contain("backend torchsharp").And.NotContain("\u001b");
    }

    [Theory]
    [InlineData("doctor", "MODEL")]
    [InlineData("doctor", "--threads", "2")]
    public async Task Takes_nothing_else(params string[] args) => (await CliRunner.RunAsync(args)).Code.Should().Be(CliApp.BadUsage);
}
