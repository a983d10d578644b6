using System.Runtime.InteropServices;

namespace Helios.Sdk.Cpu;

/// <summary>The processor of this machine: what was measured on another one does not hold here.</summary>
internal static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>Its name, as the system says it; its architecture where the system does not.</summary>
    public static string Name { get; } = Find();

    private static string Find()
    {
        var name = OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") : Read();
        return string.IsNullOrWhiteSpace(name) ? RuntimeInformation.ProcessArchitecture.ToString() : string.Join(' ', name.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>On x64 Linux names the model; on Arm64 it gives implementer and part by number.</summary>
    private static string? Read()
    {
        try
        {
            var lines = File.ReadLines(CpuInfo).TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(field => field.Length == 2).ToList();
            string? Field(string key) => lines.Find(field => field[0] == key)?[1];
            return Field("model name") ?? (Field("CPU part") is { } part ? $"{RuntimeInformation.ProcessArchitecture} {Field("CPU implementer")} {part}" : null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
