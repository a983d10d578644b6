using System.Collections.Immutable;

namespace Helios.Sdk.Diagnostics;

/// <summary>The resources of an engine on this machine, in this process.</summary>
public sealed record SystemReport
{
    /// <summary>The .NET runtime and its version.</summary>
    public required string Runtime { get; init; }

    /// <summary>The operating system and its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The process's architecture, e.g. <c>X64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The processors that this process may use.</summary>
    public required ProcessorReport Processor { get; init; }

    /// <summary>Memory that this process may use.</summary>
    public required MemoryReport Memory { get; init; }

    /// <summary>The energy meters, and why one cannot be read.</summary>
    public required ImmutableArray<EnergySourceReport> EnergySources { get; init; }

    /// <summary>The backends of this project, and what is missing of each.</summary>
    public required ImmutableArray<BackendReport> Backends { get; init; }
}

/// <summary>The processor.</summary>
/// <param name="Processors">Logical processors that this process may use; a container's quota is included, rounded up.</param>
/// <param name="VectorWidth">Bits of the widest fast vectors; 0 if there are none.</param>
/// <param name="InstructionSets">Instruction sets that the kernels use.</param>
/// <param name="Quota">The container's limit, in processors; null without a limit.</param>
public sealed record ProcessorReport(int Processors, int VectorWidth, ImmutableArray<string> InstructionSets, LimitReport? Quota);

/// <summary>Memory.</summary>
/// <param name="TotalBytes">Total memory of the machine.</param>
/// <param name="AvailableBytes">Memory that is available now; null if it is not known.</param>
/// <param name="Limit">The container's limit, in bytes; null without a limit.</param>
/// <param name="ProcessBytes">Resident memory of this process.</param>
/// <param name="DefaultBudgetBytes">Default memory budget of an engine on the CPU.</param>
/// <param name="HugePages">Huge pages; null if they cannot be read.</param>
public sealed record MemoryReport(long TotalBytes, long? AvailableBytes, LimitReport? Limit, long ProcessBytes, long DefaultBudgetBytes, HugePagesReport? HugePages);

/// <summary>A limit that a container sets.</summary>
/// <param name="Value">The limit.</param>
/// <param name="Source">The file with the limit.</param>
public sealed record LimitReport(double Value, string Source);

/// <summary>Huge pages of the kernel.</summary>
/// <param name="Transparent">Whether the kernel uses them transparently: <c>always</c>, <c>madvise</c> or <c>never</c>; null if not known.</param>
/// <param name="Reserved">Reserved pages.</param>
/// <param name="Free">Reserved pages that are free.</param>
/// <param name="PageBytes">Bytes of a huge page.</param>
public sealed record HugePagesReport(string? Transparent, long Reserved, long Free, long PageBytes);

/// <summary>An energy meter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsAvailable">Whether it can be read here.</param>
/// <param name="UnavailableBecause">Why it cannot be read; null if it can.</param>
public sealed record EnergySourceReport(string Name, bool IsAvailable, string? UnavailableBecause);

/// <summary>A backend of this project on a kind of device.</summary>
/// <param name="Name">Its name in configuration.</param>
/// <param name="Device">The kind of device: <c>cpu</c> or <c>cuda</c>. Whether the machine has such a device is not checked.</param>
/// <param name="Package">Its package.</param>
/// <param name="IsFound">Whether all its files exist. Nothing is loaded: <c>helios doctor</c> loads native libraries in a separate process. An engine can use it only if it is also added.</param>
/// <param name="MissingBecause">The missing files; null if there are none.</param>
/// <param name="PathsTried">The paths that were tried.</param>
public sealed record BackendReport(string Name, string Device, string Package, bool IsFound, string? MissingBecause, ImmutableArray<string> PathsTried);
