using Helios.Cli.Options;

namespace Helios.Cli.Tests.Commands;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Says_what_the_machine_offers()
    {
        var report = await CliRunner.JsonAsync("doctor");
        report.Fields().Should().Equal("runtime", "operatingSystem", "architecture", "processor", "memory", "energySources", "backends", "checks");
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
    public async Task Checks_say_what_can_be_used_and_what_is_missing_of_the_rest()
    {
        var checks = (await CliRunner.JsonAsync("doctor")).GetProperty("checks").EnumerateArray().ToDictionary(check => check.Text("name")!, StringComparer.Ordinal);
        checks.Keys.Should().Contain(["vectors", "cpu on cpu", "torchsharp on cpu", "torchsharp on cuda"]);
        checks.Values.Should().OnlyContain(check => check.Text("detail")!.Length > 0);
        checks["cpu on cpu"].GetProperty("ok").GetBoolean().Should().BeTrue();
        checks.Values.Select(check => string.Join(' ', check.Fields())).Should().OnlyContain(fields => fields == "name ok detail");
    }

    [Fact]
    public async Task A_backend_is_checked_by_opening_it()
    {
        var check = (await CliRunner.JsonAsync("doctor")).GetProperty("checks").EnumerateArray().Single(check => check.Text("name") == "torchsharp on cpu");
        var opened = await CliRunner.RunAsync("doctor", "open", "--backend", "torchsharp", "--device", "cpu");
        check.GetProperty("ok").GetBoolean().Should().Be(opened.Code == ExitCode.Done);
        if (BuiltInBackends.Find(BuiltInBackends.TorchSharp) is not null) check.Text("detail").Should().Contain($"{opened.Error}{opened.Out}".Replace("helios: ", "", StringComparison.Ordinal).Trim());
    }

    [Fact]
    public async Task People_get_a_table_with_reasons()
    {
        var result = await CliRunner.RunAsync("doctor");
        result.Code.Should().Be(ExitCode.Done);
        result.Error.Should().BeEmpty();
        result.Out.Should().Contain("vectors").And.Contain("memory limit").And.Contain("RAPL").And.Contain("torchsharp on cuda").And.NotContain("\u001b");
    }

    [Theory]
    [InlineData("doctor", "MODEL")]
    [InlineData("doctor", "--threads", "2")]
    public async Task Takes_nothing_else(params string[] args) => (await CliRunner.RunAsync(args)).Code.Should().Be(ExitCode.BadUsage);
}
