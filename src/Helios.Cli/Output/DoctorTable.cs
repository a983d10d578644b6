using Helios.Sdk;
using Spectre.Console;

namespace Helios.Cli.Output;

/// <summary>What was found on a machine, for people.</summary>
internal static class DoctorTable
{
    public static Table Of(SystemReport report)
    {
        var (processor, memory) = (report.Processor, report.Memory);
        return Tables.Facts(
        [
            ("runtime", $"{report.Runtime}, {report.Architecture}"),
            ("system", report.OperatingSystem),
            ("processors", Units.Count(processor.Processors)),
            ("processor quota", processor.Quota is { } quota ? $"{Units.Number(quota.Value)} processors ({quota.Source})" : "none"),
            ("vectors", processor.VectorWidth == 0 ? "none" : $"{processor.VectorWidth} bits; {string.Join(", ", processor.InstructionSets)}"),
            ("memory", $"{Units.Bytes(memory.TotalBytes)}, {(memory.AvailableBytes is { } free ? $"{Units.Bytes(free)} available" : "available unknown")}"),
            ("memory limit", memory.Limit is { } limit ? $"{Units.Bytes((long)limit.Value)} ({limit.Source})" : "none"),
            ("default budget", Units.Bytes(memory.DefaultBudgetBytes)),
            ("huge pages", Describe(memory.HugePages)),
            .. report.EnergySources.Select(source => (source.Name, source.UnavailableBecause ?? "available")),
            .. report.Backends.Select(backend => ($"{backend.Name} on {backend.Device}", Describe(backend))),
        ]);
    }

    private static string Describe(HugePagesReport? pages) => pages is null
        ? "unknown"
        : $"transparent: {pages.Transparent ?? "unknown"}; {Units.Count(pages.Reserved)} of {Units.Bytes(pages.PageBytes)} reserved, {Units.Count(pages.Free)} free";

    private static string Describe(BackendReport backend) => backend switch
    {
        { IsFound: true } => "found",
        { PathsTried: [] } => backend.MissingBecause!,
        _ => string.Join('\n', backend.PathsTried.Select(path => $"  {path}").Prepend($"{backend.MissingBecause} Tried:")),
    };
}
