using System.Text.Json;

namespace Helios.ModelBench.Tests;

/// <summary>Calls the program in this process, as <c>Main</c> does.</summary>
internal static class BenchRunner
{
    public static async Task<CliResult> RunAsync(params string[] args)
    {
        using var stdout = new StringWriter();
        using var stderr = new StringWriter();
        var code = await BenchApp.RunAsync(args, stdout, stderr);
        return new CliResult(code, stdout.ToString(), stderr.ToString());
    }

    /// <summary>Runs with <c>--json</c>, which must succeed and print one document.</summary>
    public static async Task<JsonElement> JsonAsync(params string[] args)
    {
        var result = await RunAsync([.. args, "--json"]);
        result.Error.Should().BeEmpty();
        result.Code.Should().Be(ExitCode.Done);
        return result.Lines().Single();
    }
}
