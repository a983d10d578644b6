using System.Collections.Immutable;
using System.Text.Json;
using Helios.Sdk;
using Helios.Sdk.Simulation;

namespace Helios.Cli.Simulating;

/// <summary>The last line of <c>simulate --json</c>.</summary>
internal sealed record SimulationSummary(
    string Event,
    string Script,
    int Seed,
    long Requests,
    long Tokens,
    double Seconds,
    double ThroughputTps,
    double MeanDepth,
    double Agreement,
    double QualityGapBitsPerByte,
    double BelowFloor,
    double ScoringShare,
    long Breaches,
    SimulatedStep StepMs,
    ImmutableArray<SimulatedPhaseLine> Phases,
    ImmutableArray<SimulatedChangeLine> Changes,
    double? OverBestFixed,
    ImmutableArray<FixedPointLine>? Fixed)
{
    public static SimulationSummary Of(SimulationReport report, SimulationComparison? compared) => new(
        "summary",
        report.Script,
        report.Seed,
        report.Requests,
        report.Tokens,
        report.Seconds,
        report.Throughput,
        report.MeanDepth,
        report.Agreement,
        report.QualityGap,
        report.BelowFloor,
        report.ScoringShare,
        report.Breaches,
        new SimulatedStep(report.StepMs.P50, report.StepMs.P95, report.StepMs.P99),
        [.. report.Phases.Select(phase => new SimulatedPhaseLine(phase.Name, phase.Tokens, phase.BusySeconds))],
        [.. report.Changes.Select(change => new SimulatedChangeLine(
            change.Seconds * 1000, change.Previous?.ToString(), change.Chosen.ToString(), JsonNamingPolicy.CamelCase.ConvertName(change.Trigger.ToString()), change.Reason, change.Degraded))],
        compared?.Ratio,
        compared?.Fixed.Select(Line).ToImmutableArray());

    private static FixedPointLine Line(FixedPoint point) =>
        new(point.Target.ToString(), point.Report.Throughput, point.Report.BelowFloor, point.InfeasibleBecause);
}

internal sealed record SimulatedStep(double P50, double P95, double P99);

internal sealed record SimulatedPhaseLine(string Name, long Tokens, double BusySeconds);

internal sealed record SimulatedChangeLine(double AtMs, string? From, string To, string Trigger, string Reason, bool Degraded);

internal sealed record FixedPointLine(string Point, double ThroughputTps, double BelowFloor, string? InfeasibleBecause);
