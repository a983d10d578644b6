using System.Diagnostics;

namespace Helios.Cli.Processes;

/// <summary>The tool as another process.</summary>
internal static class ThisProgram
{
    /// <summary>How to start it with arguments; what it writes is for the caller to read.</summary>
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        var own = Environment.ProcessPath;
        var isHost = own is null || Path.GetFileNameWithoutExtension(own) is "dotnet" or "testhost";
        var start = new ProcessStartInfo(isHost ? "dotnet" : own!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (isHost) start.ArgumentList.Add(typeof(ThisProgram).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
