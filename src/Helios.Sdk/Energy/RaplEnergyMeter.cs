using System.Globalization;

namespace Helios.Sdk.Energy;

/// <summary>
/// Energy of the processor packages from the kernel's powercap files (Linux, x86). It includes all work of the machine,
/// but not memory, drives or power supply.
/// </summary>
public sealed class RaplEnergyMeter : IEnergyMeter
{
    private readonly string root;
    private readonly Dictionary<string, ulong> last = new(StringComparer.Ordinal);
    private double joules;

    /// <summary>Creates the meter; nothing is read yet.</summary>
    /// <param name="root">Folder of the powercap zones.</param>
    public RaplEnergyMeter(string root = "/sys/class/powercap")
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        this.root = root;
    }

    /// <inheritdoc/>
    public string Source => "RAPL package energy";

    /// <inheritdoc/>
    public EnergyReading Read()
    {
        try
        {
            var zones = FindPackages();
            if (zones.Count == 0) return EnergyReading.Unavailable($"{root} has no package zone of RAPL; the kernel offers none on this machine");
            foreach (var zone in zones) Count(zone);
            return EnergyReading.Of(joules);
        }
        catch (UnauthorizedAccessException error)
        {
            return EnergyReading.Unavailable($"RAPL cannot be read: {error.Message} On most systems only root can read energy_uj.");
        }
        catch (Exception error) when (error is IOException or FormatException or OverflowException)
        {
            return EnergyReading.Unavailable($"RAPL could not be read: {error.Message}");
        }
    }

    /// <summary>Packages only: <c>intel-rapl:0:1</c> is a part of one, and <c>psys</c> holds them all.</summary>
    private List<string> FindPackages() => !Directory.Exists(root)
        ? []
        : [.. Directory.EnumerateDirectories(root, "intel-rapl:*")
            .Where(zone => Path.GetFileName(zone).Count(c => c == ':') == 1 && ReadText(zone, "name").StartsWith("package", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];

    /// <summary>Counters run from 0 to their range, in microjoules, and begin again. A range lasts minutes at full power.</summary>
    private void Count(string zone)
    {
        var now = ReadNumber(zone, "energy_uj");
        var isFirst = !last.TryGetValue(zone, out var before);
        last[zone] = now;
        if (isFirst) return;
        var counted = now >= before ? now - before : Range(zone, before) - before + now;
        joules += counted / 1e6;
    }

    private static ulong Range(string zone, ulong before) => ReadNumber(zone, "max_energy_range_uj") is var range && range >= before
        ? range
        : throw new FormatException($"{Path.Combine(zone, "max_energy_range_uj")} is {range}; expected at least {before}, which energy_uj was.");

    private static ulong ReadNumber(string zone, string file) =>
        ulong.TryParse(ReadText(zone, file), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{Path.Combine(zone, file)} is '{ReadText(zone, file)}'; expected microjoules.");

    private static string ReadText(string zone, string file) => File.ReadAllText(Path.Combine(zone, file)).Trim();
}
