using Helios.Cli.Output;
using Helios.Sdk.Simulation;
using Spectre.Console;

namespace Helios.Cli.Simulating;

/// <summary>A simulation for people.</summary>
internal static class SimulationTables
{
    public static void Show(Screen screen, SimulationReport report, SimulationComparison? compared)
    {
        screen.Show(Tables.Facts(
            ("script", Invariant($"{report.Script}, seed {report.Seed}")),
            ("requests", $"{Units.Count(report.Requests)}, {Units.Count(report.Tokens)} tokens in {Units.Number(report.Seconds, "0.0")} simulated seconds"),
            ("throughput", $"{Units.Number(report.Throughput, "0")} tok/s after the warm-up"),
            ("between two tokens", $"{Units.Number(report.StepMs.P50, "0.00")}, {Units.Number(report.StepMs.P95, "0.00")}, {Units.Number(report.StepMs.P99, "0.00")} ms (p50, p95, p99)"),
            ("mean depth", Units.Number(report.MeanDepth, "0.00")),
            ("agreement with full depth", Units.Number(report.Agreement, "0.000")),
            ("quality gap", $"{Units.Number(report.QualityGap, "0.000")} bits per byte; {Units.Number(report.BelowFloor, "0.0 %")} of tokens below the floor"),
            ("scoring", $"{Units.Number(report.ScoringShare, "0.0 %")} of the device's work"),
            ("breaches", Units.Count(report.Breaches)),
            ("changes", Units.Count(report.Changes.Length))));
        if (compared is null) return;

        var table = new Table().Border(TableBorder.Rounded).AddColumns("fixed point", "tok/s", "below the floor", "infeasible in a phase, because");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (var point in compared.Fixed)
            table.AddRow(new Text(point.Target.ToString()), new Text(Units.Number(point.Report.Throughput, "0")), new Text(Units.Number(point.Report.BelowFloor, "0.0 %")), new Text(point.InfeasibleBecause ?? ""));
        screen.Show(table);
        screen.ShowLine(compared.Best is { } best
            ? $"{Units.Number(compared.Ratio, "0.00")} times the best fixed point that is feasible in every phase, {Markup.Escape(best.Target.ToString())}"
            : "No fixed point is feasible in every phase.");
    }
}
