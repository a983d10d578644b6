using System.Diagnostics;
using System.Text;

namespace Helios.Packages.Tests;

/// <summary>Runs processes as a user at a terminal would, without what the test run has set for itself.</summary>
internal static class DotNet
{
    /// <summary>Longest that a command may take: never reached unless something hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs a dotnet command to its end, which must be a good one.</summary>
    public static async Task<Ended> RunAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var ended = await RunAsync("dotnet", folder, environment, arguments);
        if (ended.ExitCode != 0) throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} in {folder} ended with {ended.ExitCode}:\n{ended.Output}\n{ended.Error}");
        return ended;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<Ended> RunAsync(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(program, folder, environment, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await EndAsync(process);
        return new Ended(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program; the caller reads what it writes, waits for its end, and disposes it.</summary>
    public static Process Start(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList()) info.Environment.Remove(name);
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        info.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var (name, value) in environment) info.Environment[name] = value;
        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Waits for the end, and ends what hangs.</summary>
    public static async Task EndAsync(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>A process that has ended.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error);
