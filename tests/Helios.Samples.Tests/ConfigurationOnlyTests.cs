using System.Diagnostics;
using System.Reflection;

namespace Helios.Samples.Tests;

/// <summary>The sample as a program of its own.</summary>
public sealed class ConfigurationOnlyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Sample = typeof(ConfigurationOnlyTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "ConfigurationOnly").Value!;

    [Fact]
    public async Task It_serves_and_decides_and_ends()
    {
        var (code, output, error) = await RunAsync("--Helios:Adaptation:RequestsPerCandidate=1", "--Helios:Serving:MaxBatchSize=8");
        error.Should().BeEmpty();
        code.Should().Be(0);
        output.Should().MatchRegex(@"(?m)^(small|medium)@\d+").And.MatchRegex(@"(?m)^Chosen: (small|medium)@\d+.*, because ");
    }

    [Fact]
    public async Task A_misspelt_key_ends_the_start_and_is_named()
    {
        var (code, _, error) = await RunAsync("--Helios:Adaptation:Objektive=memory");
        code.Should().NotBe(0);
        error.Should().Contain("Helios:Adaptation:Objektive is unknown; expected ").And.NotContain("(Parameter");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.GetFullPath(Sample), .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        using var patience = new CancellationTokenSource(Patience);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, await error);
    }
}
