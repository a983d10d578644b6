using System.Collections.Immutable;
using Helios.Sdk.Diagnostics;

namespace Helios.Cli.Checking;

/// <summary>What <c>helios doctor</c> found: the fields of the report beside the checks.</summary>
internal sealed class Examined(SystemReport report, IReadOnlyList<Check> checks)
{
    public string Runtime => report.Runtime;

    public string OperatingSystem => report.OperatingSystem;

    public string Architecture => report.Architecture;

    public ProcessorReport Processor => report.Processor;

    public MemoryReport Memory => report.Memory;

    public ImmutableArray<EnergySourceReport> EnergySources => report.EnergySources;

    public ImmutableArray<BackendReport> Backends => report.Backends;

    public IReadOnlyList<Check> Checks => checks;
}
