using System.ComponentModel;
using System.Diagnostics;
using Helios.Cli.Errors;
using Helios.Cli.Processes;

namespace Helios.Cli.Checking;

/// <summary>
/// Whether a backend opens on a device, found out by a process that opens it: native libraries may end the process that
/// loads them.
/// </summary>
internal static class BackendOpening
{
    /// <summary>The hidden command below <c>doctor</c> that such a process runs.</summary>
    public const string CommandName = "open";

    /// <summary>Longest that opening may take; the libraries of CUDA are gigabytes, and may lie on a slow disk.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Opens it in a process of its own.</summary>
    /// <returns>What was opened, or why it could not be.</returns>
    public static Task<Opening> TryAsync(string backend, string device, CancellationToken cancellationToken) =>
        TryAsync(ThisProgram.With("doctor", CommandName, "--backend", backend, "--device", device), Patience, cancellationToken);

    /// <summary>The same by a program that ends with 0 and writes what was opened, or with 1 and writes why not to standard error.</summary>
    internal static async Task<Opening> TryAsync(ProcessStartInfo start, TimeSpan patience, CancellationToken cancellationToken)
    {
        start.RedirectStandardError = true;
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            return new Opening(IsOpened: false, $"No process could be started to try: {error.Message}");
        }

        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(patience, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new Opening(IsOpened: false, Invariant($"It did not open within {patience.TotalSeconds:0} seconds."));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        var (said, complained) = ((await output.ConfigureAwait(false)).Trim(), (await errors.ConfigureAwait(false)).Trim());
        return process.ExitCode switch
        {
            ExitCode.Done => new Opening(IsOpened: true, said),
            ExitCode.Failed => new Opening(IsOpened: false, ErrorLine.MessageOf(complained.Split('\n')[^1])),
            _ => new Opening(IsOpened: false, Invariant($"The process that tried ended with exit code {process.ExitCode}. {complained.ReplaceLineEndings(" ")}").TrimEnd()),
        };
    }
}

/// <summary>What came of opening a backend.</summary>
/// <param name="IsOpened">Whether it opened.</param>
/// <param name="Detail">What it opened, or why it did not.</param>
internal sealed record Opening(bool IsOpened, string Detail);
