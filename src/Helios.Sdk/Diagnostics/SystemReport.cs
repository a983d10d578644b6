using System.Collections.Immutable;

namespace Helios.Sdk.Diagnostics;

/// <summary>What an engine would find on this machine, in this process.</summary>
public sealed record SystemReport
{
    /// <summary>The .NET runtime and its version.</summary>
    public required string Runtime { get; init; }

    /// <summary>The operating system and its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The process's architecture, e.g. <c>X64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The processor, as far as this process may use it.</summary>
    public required ProcessorReport Processor { get; init; }

    /// <summary>Memory, as far as this process may use it.</summary>
    public required MemoryReport Memory { get; init; }

    /// <summary>What can measure energy, and why the rest cannot.</summary>
    public required ImmutableArray<EnergySourceReport> EnergySources { get; init; }

    /// <summary>The backends of this project, and why those that are not there are not.</summary>
    public required ImmutableArray<BackendReport> Backends { get; init; }
}

/// <summary>The processor.</summary>
/// <param name="Processors">Logical processors that this process may use; .NET counts a container's quota in, rounded up.</param>
/// <param name="VectorWidth">Bits of the widest vectors that are fast here; 0 without any.</param>
/// <param name="InstructionSets">Those that kernels make a difference by.</param>
/// <param name="Quota">What the container may use at most, in processors; null without a limit.</param>
public sealed record ProcessorReport(int Processors, int VectorWidth, ImmutableArray<string> InstructionSets, LimitReport? Quota);

/// <summary>Memory.</summary>
/// <param name="TotalBytes">Of the machine.</param>
/// <param name="AvailableBytes">That the machine could give away now; null where that is not known.</param>
/// <param name="Limit">What the container may use at most, in bytes; null without a limit.</param>
/// <param name="ProcessBytes">Resident in this process.</param>
/// <param name="DefaultBudgetBytes">Memory budget of an engine on the processor that is given none.</param>
/// <param name="HugePages">Huge pages; null where there is no such thing to be read.</param>
public sealed record MemoryReport(long TotalBytes, long? AvailableBytes, LimitReport? Limit, long ProcessBytes, long DefaultBudgetBytes, HugePagesReport? HugePages);

/// <summary>A limit that a container sets.</summary>
/// <param name="Value">How much.</param>
/// <param name="Source">The file that says so.</param>
public sealed record LimitReport(double Value, string Source);

/// <summary>Huge pages of the kernel.</summary>
/// <param name="Transparent">Whether it gives them unasked: <c>always</c>, <c>madvise</c> or <c>never</c>; null when it does not say.</param>
/// <param name="Reserved">Pages set apart.</param>
/// <param name="Free">Those of them that nobody has.</param>
/// <param name="PageBytes">Bytes of such a page.</param>
public sealed record HugePagesReport(string? Transparent, long Reserved, long Free, long PageBytes);

/// <summary>Something that measures energy.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="IsAvailable">Whether it can be read here.</param>
/// <param name="UnavailableBecause">Why not; null when it can.</param>
public sealed record EnergySourceReport(string Name, bool IsAvailable, string? UnavailableBecause);

/// <summary>A backend of this project on a kind of device.</summary>
/// <param name="Name">Its name in configuration.</param>
/// <param name="Device">What it runs on: <c>cpu</c> or <c>cuda</c>. Whether the machine has such a device is not looked at.</param>
/// <param name="Package">The package that brings it.</param>
/// <param name="IsFound">Whether all that it needs is there. Nothing is loaded to find out: whether the system takes native libraries, <c>helios doctor</c> tries in a process of its own. An engine runs on it once it is added too.</param>
/// <param name="MissingBecause">What is not there; null when all is.</param>
/// <param name="PathsTried">Where that was looked for.</param>
public sealed record BackendReport(string Name, string Device, string Package, bool IsFound, string? MissingBecause, ImmutableArray<string> PathsTried);
