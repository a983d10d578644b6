using System.Diagnostics;
using System.Reflection;

namespace Helios.Samples.Tests;

/// <summary>Runs a sample as a user does: a program of its own, in the configuration that the tests were built in.</summary>
internal static class Sample
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Configuration = typeof(Sample).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>Root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Returns what it printed; it must end well and print no error.</summary>
    public static Task<string> RunAsync(string name, params (string Name, string Value)[] environment) => SucceedAsync(StartOf(name, environment));

    /// <summary>Returns what it printed upon what was typed; it must end well and print no error.</summary>
    public static Task<string> TypeAsync(string name, string input) => SucceedAsync(StartOf(name), input);

    /// <summary>Returns how it ended and what it printed.</summary>
    public static Task<(int Code, string Output, string Errors)> TryRunAsync(string name, params (string Name, string Value)[] environment) => EndAsync(StartOf(name, environment));

    /// <summary>Runs any program of .NET in the root of the repository; it must end well and print no error.</summary>
    public static Task<string> SucceedAsync(params string[] arguments) => SucceedAsync(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Root });

    private static ProcessStartInfo StartOf(string name, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Root, "samples", name, "bin", Configuration, "net10.0", $"{name}.dll")]) { WorkingDirectory = Path.GetTempPath() };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        return start;
    }

    private static async Task<string> SucceedAsync(ProcessStartInfo start, string input = "")
    {
        var (code, output, errors) = await EndAsync(start, input);
        errors.Should().BeEmpty();
        code.Should().Be(0);
        return output;
    }

    private static async Task<(int Code, string Output, string Errors)> EndAsync(ProcessStartInfo start, string input = "")
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), timeout.Token);
            process.StandardInput.Close();
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
