using System.Globalization;

namespace Helios.Sdk.Diagnostics;

/// <summary>The limits of the container that this process runs in (Linux control groups, version 2 or 1).</summary>
/// <param name="root">Folder under which the system's files lie.</param>
internal sealed class Cgroup(string root)
{
    /// <summary>Version 1 writes "no limit" as the largest number of pages; nothing above this is one.</summary>
    private const long NoLimit = 1L << 60;

    private const string Mount = "sys/fs/cgroup";

    /// <summary>Most bytes of memory; null without a limit.</summary>
    public LimitReport? FindMemory() => Least(
        Read("", "memory.max", static file => Number(file.ReadText())),
        Read("memory", "memory.limit_in_bytes", static file => Number(file.ReadText())));

    /// <summary>Most processors, of which a part counts too; null without a limit.</summary>
    public LimitReport? FindProcessors() => Least(
        Read("", "cpu.max", static file => file.ReadText()?.Split(' ') is [var quota, var period] ? Number(quota) / Number(period) : null),
        Read("cpu", "cpu.cfs_quota_us", static file => Number(file.ReadText()) / Number(file.Beside("cpu.cfs_period_us").ReadText())));

    private static LimitReport? Least(params IEnumerable<LimitReport?> limits) => limits.OfType<LimitReport>().MinBy(limit => limit.Value);

    /// <summary>The least limit of the group and of those above it, up to the mount.</summary>
    private LimitReport? Read(string controller, string name, Func<SystemFile, double?> read)
    {
        if (GroupOf(controller) is not { } group) return null;
        var mount = Path.Combine(root, Mount, controller);
        var found = new List<LimitReport?>();
        for (var parts = group.Split('/', StringSplitOptions.RemoveEmptyEntries); ; parts = parts[..^1])
        {
            var file = new SystemFile(Path.Combine([mount, .. parts, name]));
            if (read(file) is { } value and > 0 and < NoLimit) found.Add(new LimitReport(value, file.Path));
            if (parts.Length == 0) return Least(found);
        }
    }

    /// <summary>The group's path below the mount: of a line <c>4:cpu,cpuacct:/docker/1a</c>, or <c>0::/</c> in version 2.</summary>
    private string? GroupOf(string controller) => new SystemFile(Path.Combine(root, "proc/self/cgroup")).ReadLines()
        .Select(line => line.Split(':', 3))
        .FirstOrDefault(parts => parts.Length == 3 && parts[1].Split(',').Contains(controller, StringComparer.Ordinal))?[2];

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
