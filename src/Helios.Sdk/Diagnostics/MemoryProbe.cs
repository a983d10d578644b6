using System.Globalization;

namespace Helios.Sdk.Diagnostics;

/// <summary>Measures memory and its limits.</summary>
internal static class MemoryProbe
{
    public static MemoryReport Probe(string root, Cgroup cgroup)
    {
        var lines = new SystemFile(Path.Combine(root, "proc/meminfo")).ReadLines();
        var offered = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MemoryReport(
            Read(lines, "MemTotal") ?? offered,
            Read(lines, "MemAvailable"),
            cgroup.FindMemory(),
            Environment.WorkingSet,
            DefaultBudget.Of(offered),
            Read(lines, "Hugepagesize") is { } page
                ? new HugePagesReport(Transparent(root), Read(lines, "HugePages_Total") ?? 0, Read(lines, "HugePages_Free") ?? 0, page)
                : null);
    }

    /// <summary>Of a line <c>MemTotal:   65536 kB</c>, or <c>HugePages_Total:   0</c>.</summary>
    private static long? Read(string[] lines, string name)
    {
        var words = lines.FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.Ordinal))?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words is not [_, var number, .. var unit] || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return null;
        return unit is ["kB"] ? value * 1024 : value;
    }

    /// <summary>The choice stands in brackets: <c>always [madvise] never</c>.</summary>
    private static string? Transparent(string root) => new SystemFile(Path.Combine(root, "sys/kernel/mm/transparent_hugepage/enabled")).ReadText()
        ?.Split(' ').FirstOrDefault(word => word.StartsWith('['))?.Trim('[', ']');
}
