using System.Diagnostics;
using System.Reflection;

namespace Helios.Samples.Tests;

/// <summary>Runs a sample as a user does: a program of its own, in the configuration that the tests were built in.</summary>
internal static class Sample
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Folder = FindRoot();
    private static readonly string Configuration = typeof(Sample).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>Returns what it printed; it must end well and print no error.</summary>
    public static async Task<string> RunAsync(string name, params (string Name, string Value)[] environment)
    {
        var (code, output, errors) = await TryRunAsync(name, environment);
        errors.Should().BeEmpty();
        code.Should().Be(0);
        return output;
    }

    /// <summary>Returns how it ended and what it printed.</summary>
    public static async Task<(int Code, string Output, string Errors)> TryRunAsync(string name, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Folder, "samples", name, "bin", Configuration, "net10.0", $"{name}.dll")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Helios.Sdk.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
