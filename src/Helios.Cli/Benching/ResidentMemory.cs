using System.Globalization;

namespace Helios.Cli.Benching;

/// <summary>
/// The resident peak of this process since a reset. Linux keeps one that can be reset where <c>/proc</c> may be written;
/// elsewhere the present size stands in, to be read while everything is still held.
/// </summary>
internal sealed class ResidentMemory
{
    private const string Reset = "/proc/self/clear_refs";
    private const string Status = "/proc/self/status";
    private const string PeakField = "VmHWM:";

    private ResidentMemory(bool hasPeak, long before)
    {
        HasPeak = hasPeak;
        Before = before;
    }

    /// <summary>Whether <see cref="Bytes"/> is a true peak.</summary>
    public bool HasPeak { get; }

    /// <summary>Resident bytes at the reset.</summary>
    public long Before { get; }

    /// <summary>Most resident bytes since the reset; the present ones without a peak.</summary>
    public long Bytes => HasPeak ? ReadPeak() : Environment.WorkingSet;

    /// <summary>Starts a new peak.</summary>
    public static ResidentMemory FromNow() => new(TryReset(), Environment.WorkingSet);

    private static bool TryReset()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            // 5 resets the peak and nothing else.
            File.WriteAllText(Reset, "5");
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long ReadPeak()
    {
        var line = File.ReadLines(Status).First(line => line.StartsWith(PeakField, StringComparison.Ordinal));
        var kibibytes = line[PeakField.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.Parse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture) << 10;
    }
}
