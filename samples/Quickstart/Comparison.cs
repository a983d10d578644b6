using System.Collections.Immutable;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quickstart;

/// <summary>HELIOS and the baseline, side by side.</summary>
internal sealed class Comparison
{
    private readonly RunReport helios;
    private readonly RunReport baseline;
    private readonly ImmutableArray<Verdict> heliosVerdicts;
    private readonly ImmutableArray<Row> rows;

    /// <summary>Compares two runs of one workload.</summary>
    /// <param name="helios">The adaptive run.</param>
    /// <param name="baseline">The fixed one.</param>
    /// <param name="verdicts">By run, HELIOS first, then by phase.</param>
    public Comparison(RunReport helios, RunReport baseline, ImmutableArray<ImmutableArray<Verdict>> verdicts)
    {
        this.helios = helios;
        this.baseline = baseline;
        heliosVerdicts = verdicts[0];
        rows = Compare(helios, baseline, Verdict.Sum(verdicts[0]), Verdict.Sum(verdicts[1]));
    }

    private enum Better
    {
        Higher,
        Lower,
    }

    /// <summary>What each phase came to.</summary>
    public IRenderable ByPhase()
    {
        var table = NumbersTable("phase", "HELIOS tok/s", "baseline tok/s", "ratio", "layers", "quality gap", "agreement");
        foreach (var (ours, theirs, verdict) in helios.Phases.Zip(baseline.Phases, heliosVerdicts))
        {
            table.AddRow(
                ours.Kind,
                $"{ours.TokensPerSecond:0}",
                $"{theirs.TokensPerSecond:0}",
                $"{ours.TokensPerSecond / theirs.TokensPerSecond:0.00}x",
                $"{ours.MeanDepth:0.0}",
                $"{verdict.QualityGap:+0.000;-0.000;0.000}",
                $"{verdict.Agreement:0 %}");
        }

        return table;
    }

    /// <summary>What the whole runs came to.</summary>
    public IRenderable Overall()
    {
        var table = NumbersTable("whole run", "HELIOS", "baseline", "ratio", "");
        foreach (var row in rows) table.AddRow(row.Name, row.Show(row.Helios), row.Show(row.Baseline), row.Ratio, row.Verdict);
        return table;
    }

    /// <summary>Where HELIOS loses, in words.</summary>
    public IRenderable Conclusion()
    {
        var lost = rows.Where(row => row.Loses).Select(row => row.Name).ToList();
        var slower = helios.Phases.Zip(baseline.Phases).Index()
            .Where(phase => phase.Item.First.TokensPerSecond < phase.Item.Second.TokensPerSecond)
            .Select(phase => $"{phase.Index + 1} ({phase.Item.First.Kind})")
            .ToList();
        var rowsLine = lost.Count == 0 ? "HELIOS loses no row." : $"[yellow]HELIOS loses[/] in {string.Join(", ", lost)}.";
        var phasesLine = slower.Count == 0 ? "" : $"\nIt is slower in phase {string.Join(", ", slower)}; the first one pays for evaluating the candidates.";
        return new Markup($"{rowsLine}{phasesLine}\n");
    }

    private static ImmutableArray<Row> Compare(RunReport helios, RunReport baseline, Verdict heliosVerdict, Verdict baselineVerdict) =>
    [
        new("throughput (tok/s)", helios.TokensPerSecond, baseline.TokensPerSecond, Better.Higher, value => $"{value:0}"),
        new("processor time per token", helios.ProcessorMsPerToken, baseline.ProcessorMsPerToken, Better.Lower, value => $"{value:0.00} ms"),
        new("time to first token", helios.TtftMs, baseline.TtftMs, Better.Lower, value => $"{value:0} ms"),
        new("time per output token", helios.TpotMs, baseline.TpotMs, Better.Lower, value => $"{value:0.0} ms"),
        new("layers per token", helios.MeanDepth, baseline.MeanDepth, Better.Lower, value => $"{value:0.0}"),
        new("weights", helios.WeightBytes, baseline.WeightBytes, Better.Lower, Format.Bytes),
        new("weights + KV in use", helios.WeightBytes + helios.KvBytes, baseline.WeightBytes + baseline.KvBytes, Better.Lower, Format.Bytes),
        new("largest batch in the budget", helios.PeakBatch, baseline.PeakBatch, Better.Higher, value => $"{value:0}"),
        new("bits per byte", heliosVerdict.BitsPerByte, baselineVerdict.BitsPerByte, Better.Lower, value => $"{value:0.000}"),
        new("quality gap (bits per byte)", heliosVerdict.QualityGap, baselineVerdict.QualityGap, Better.Lower, value => $"{value:+0.000;-0.000;0.000}"),
        new("agreement with full depth", heliosVerdict.Agreement, baselineVerdict.Agreement, Better.Higher, value => $"{value:0.0 %}"),
    ];

    private static Table NumbersTable(string first, params IEnumerable<string> others)
    {
        var table = new Table { Border = TableBorder.Simple }.AddColumn(first);
        return table.AddColumns([.. others.Select(name => new TableColumn(name).RightAligned())]);
    }

    private sealed record Row(string Name, double Helios, double Baseline, Better Better, Func<double, string> Show)
    {
        public string Ratio => Baseline > 0 ? $"{Helios / Baseline:0.00}x" : "";

        /// <summary>Differences that the shown figures hide are none.</summary>
        public bool Loses => !Ties && !Wins;

        public string Verdict => Ties ? "equal" : Wins ? "[green]better[/]" : "[yellow]worse[/]";

        private bool Ties => Show(Helios) == Show(Baseline);

        private bool Wins => Better == Better.Higher ? Helios > Baseline : Helios < Baseline;
    }
}
