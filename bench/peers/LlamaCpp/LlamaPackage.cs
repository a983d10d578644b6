using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Helios.Peers.LlamaCpp;

/// <summary>
/// llama.cpp as the npm package of <c>node-llama-cpp</c> for this platform ships it: the shared libraries alone, without
/// node. The version is pinned because <see cref="Native"/> spells out struct layouts of exactly this release.
/// </summary>
internal static class LlamaPackage
{
    public const string Version = "3.22.1";
    public const string Release = "v0.5.0";

    /// <summary>Name of the package for this platform.</summary>
    public static string Name => $"@node-llama-cpp/{Platform}";

    private static string Platform => (OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture) switch
    {
        (true, Architecture.X64) => "linux-x64",
        (true, Architecture.Arm64) => "linux-arm64",
        _ => throw new PeerException($"llama.cpp is not compared on {RuntimeInformation.RuntimeIdentifier}: only on linux-x64 and linux-arm64."),
    };

    /// <summary>Installs the package into a folder unless it is there, and returns the folder of its libraries.</summary>
    public static string Install(string folder)
    {
        var libraries = Path.Combine(folder, "node_modules", "@node-llama-cpp", Platform, "bins", Platform);
        var stamp = Path.Combine(folder, $"{Platform}-{Version}.installed");
        if (File.Exists(stamp) && Directory.Exists(libraries)) return libraries;

        Directory.CreateDirectory(folder);
        RunNpm("install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", $"{Name}@{Version}");
        if (!Directory.Exists(libraries)) throw new PeerException($"{Name} {Version} has no folder bins/{Platform} with llama.cpp's libraries.");
        File.WriteAllText(stamp, "");
        return libraries;
    }

    private static void RunNpm(params string[] arguments)
    {
        try
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            var output = npm.StandardOutput.ReadToEndAsync();
            var errors = npm.StandardError.ReadToEnd();
            npm.WaitForExit();
            _ = output.GetAwaiter().GetResult();
            if (npm.ExitCode != 0) throw new PeerException($"llama.cpp could not be installed: npm ended with {npm.ExitCode}: {Summary(errors)}");
        }
        catch (Win32Exception error)
        {
            throw new PeerException($"llama.cpp could not be installed: npm cannot be run ({error.Message}).", error);
        }
    }

    // "npm error code E404", "npm error 404 Not Found - ...": the first lines name the cause, the rest where its log lies.
    private static string Summary(string errors)
    {
        const string Mark = "npm error ";
        var lines = errors.Split('\n').Where(line => line.StartsWith(Mark, StringComparison.Ordinal)).Select(line => line[Mark.Length..].Trim());
        return string.Join(", ", lines.Take(3)) is { Length: > 0 } summary ? summary : "it said nothing";
    }
}
