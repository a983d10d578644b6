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

        // Where the tool is built with TorchSharp, its libraries may be there too.
        var backends = report.GetProperty("backends").EnumerateArray().ToList();
        backends.Select(backend => (backend.Text("name"), backend.Text("device"))).Should().Equal(("cpu", "cpu"), ("torchsharp", "cpu"), ("torchsharp", "cuda"));
        backends[0].GetProperty("isFound").GetBoolean().Should().BeTrue();
        foreach (var missing in backends.Where(backend => !backend.GetProperty("isFound").GetBoolean()))
        {
            missing.Text("missingBecause").Should().StartWith("Not found: ").And.Contain("Add the package ");
            missing.GetProperty("pathsTried").GetArrayLength().Should().BePositive();
        }
    }

    [Fact]
    public async Task People_get_a_table_with_reasons()
    {
        var result = await CliRunner.RunAsync("doctor");
        result.Code.Should().Be(CliApp.Done);
        result.Error.Should().BeEmpty();
        result.Out.Should().Contain("vectors").And.Contain("memory limit").And.Contain("RAPL").And.Contain("torchsharp on cuda").And.NotContain("\u001b");
    }

    [Theory]
    [InlineData("doctor", "MODEL")]
    [InlineData("doctor", "--threads", "2")]
    public async Task Takes_nothing_else(params string[] args) => (await CliRunner.RunAsync(args)).Code.Should().Be(CliApp.BadUsage);
}
