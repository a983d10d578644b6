using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Helios.Sdk.TorchSharp.Devices;

/// <summary>Torch's native libraries: loaded, or refused in words that a user can act on.</summary>
internal static partial class NativeLibraries
{
    // The newest version of the C++ runtime that LibTorchSharp needs, and the one function that it needs of it.
    private const string RuntimeVersion = "GLIBCXX_3.4.32";
    private const string RuntimeFunction = "_ZSt21ios_base_library_initv";
    private const string Runtime = "libstdc++.so.6";

    private const string NewerSystems =
        "The system is older than those that torch's libraries are built for: run on Debian 13, Ubuntu 24.04, Fedora 39, RHEL 10 or later, or in a container of one of them.";

    /// <summary>Loads what a device needs. Asked before torch is touched: its own attempt writes to the console when it fails.</summary>
    /// <param name="library">Torch's part for the device, <c>torch_cpu</c> or <c>torch_cuda</c>.</param>
    /// <param name="package">Its package.</param>
    /// <exception cref="PlatformNotSupportedException">It is not there, or the system cannot load it.</exception>
    public static void Require(string library, string package)
    {
        foreach (var name in new[] { library, "LibTorchSharp" })
        {
            try
            {
                _ = NativeLibrary.Load(name, typeof(torch).Assembly, searchPath: null);
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                throw new PlatformNotSupportedException($"The native library {name} could not be loaded: {Explain(name, package, error.Message, HasOldRuntime())}", error);
            }
        }
    }

    /// <summary>What to do about a library that was not loaded, and the loader's words on it.</summary>
    /// <param name="library">Its name, without prefix and ending.</param>
    /// <param name="package">Its package.</param>
    /// <param name="loader">What the loader says: a sentence, and on Unix a line for each file that was tried.</param>
    /// <param name="hasOldRuntime">Whether the system's C++ runtime is too old: the loader says so only once all files are there.</param>
    internal static string Explain(string library, string package, string loader, bool hasOldRuntime)
    {
        var lines = loader.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Select(line => MissingVersion().Match(line)).FirstOrDefault(match => match.Success) is { } version)
        {
            return $"it needs {version.Groups["version"]}, which {Path.GetFileName(version.Groups["lacking"].Value)} of this system does not have. {NewerSystems} The loader says: {version.Value}";
        }

        var old = hasOldRuntime ? $"LibTorchSharp needs {RuntimeVersion}, too, which {Runtime} of this system does not have. {NewerSystems} " : "";
        var absent = lines.Select(line => MissingFile().Match(line)).FirstOrDefault(match => match.Success && !match.Groups["file"].Value.Contains(library, StringComparison.Ordinal));
        return absent is not null
            ? $"it needs {absent.Groups["file"]}, which is missing. Add the package {package}, or install the software that contains it. {old}The loader says: {absent.Value}"
            : $"add the package {package}. {old}{Advice().Replace(lines[0], ".")}";
    }

    private static bool HasOldRuntime()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad(Runtime, out var runtime)) return false;
        var isOld = !NativeLibrary.TryGetExport(runtime, RuntimeFunction, out _);
        NativeLibrary.Free(runtime);
        return isOld;
    }

    // /lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/libLibTorchSharp.so)
    [GeneratedRegex(@"(?<lacking>\S+): version `(?<version>[^']+)' not found.*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MissingVersion();

    // libc10.so: cannot open shared object file: No such file or directory. A path in place of a name is a place that was tried.
    [GeneratedRegex(@"^(?<file>[^/\s:]+): cannot open shared object file.*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MissingFile();

    // The runtime goes on with how to trace the loader, and with the files that it tried.
    [GeneratedRegex(@"\. In order to help diagnose.*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Advice();
}
