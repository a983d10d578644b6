using Helios.Cli.Output;
using Helios.Sdk.Diagnostics;
using Spectre.Console;

namespace Helios.Cli.Checking;

/// <summary>What was found on a machine, for people.</summary>
internal static class DoctorTable
{
    public static Table Of(SystemReport report, IReadOnlyList<Check> checks)
    {
        var (processor, memory) = (report.Processor, report.Memory);
        return Tables.Facts(
        [
            ("runtime", $"{report.Runtime}, {report.Architecture}"),
            ("system", report.OperatingSystem),
            ("processors", Units.Count(processor.Processors)),
            ("processor quota", processor.Quota is { } quota ? $"{Units.Number(quota.Value)} processors ({quota.Source})" : "none"),
            ("memory", $"{Units.Bytes(memory.TotalBytes)}, {(memory.AvailableBytes is { } free ? $"{Units.Bytes(free)} available" : "available unknown")}"),
            ("memory limit", memory.Limit is { } limit ? $"{Units.Bytes((long)limit.Value)} ({limit.Source})" : "none"),
            ("default budget", Units.Bytes(memory.DefaultBudgetBytes)),
            ("huge pages", Describe(memory.HugePages)),
            .. checks.Select(check => (check.Name, Describe(check, report.Backends.FirstOrDefault(backend => Check.NameOf(backend) == check.Name)))),
        ]);
    }

    /// <summary>Where files of a backend are not there, the places that were tried are lines of their own.</summary>
    private static string Describe(Check check, BackendReport? backend)
    {
        if (check.Ok) return check.Detail;
        var tried = backend is { PathsTried.Length: > 0 } ? string.Join('\n', backend.PathsTried.Select(path => $"  {path}").Prepend("\nTried:")) : "";
        return $"no: {check.Detail}{tried}";
    }

    private static string Describe(HugePagesReport? pages) => pages is null
        ? "unknown"
        : $"transparent: {pages.Transparent ?? "unknown"}; {Units.Count(pages.Reserved)} of {Units.Bytes(pages.PageBytes)} reserved, {Units.Count(pages.Free)} free";
}
