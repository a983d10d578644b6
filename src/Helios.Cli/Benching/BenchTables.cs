using Helios.Cli.Output;
using Spectre.Console;

namespace Helios.Cli.Benching;

/// <summary>Results of benches as tables for people.</summary>
internal static class BenchTables
{
    public static Table Of(DecodeBenched result)
    {
        var table = Numbers("depth", "batch", "tokens/s", "step ms", "p90", "p99", "prefill tokens/s", "weights", "GB/s", "stream GB/s", "share");
        foreach (var row in result.Rows)
        {
            table.AddRow(
                Invariant($"{row.Depth}"), Invariant($"{row.Batch}"), N(row.DecodeTps, "0.0"), N(row.StepMs, "0.00"), N(row.P90Ms, "0.00"), N(row.P99Ms, "0.00"),
                N(row.PrefillTps, "0"), Units.Bytes(row.WeightBytes), N(row.GbPerS, "0.0"), N(row.StreamGbPerS, "0.0"), N(row.Share, "0.00"));
        }

        return Titled(table, Invariant($"{result.Model}, {result.Rows[0].Precision}, KV {result.Rows[0].KvPrecision}, {result.Device}, context {result.Context}, prefill {result.Prefill}"));
    }

    public static Table Of(Contention contention)
    {
        var table = Numbers("", "mean ms", "median", "p99", "steps");
        table.AddRow("quiet", N(contention.Quiet.MeanMs, "0.00"), N(contention.Quiet.MedianMs, "0.00"), N(contention.Quiet.P99Ms, "0.00"), Invariant($"{contention.Quiet.Steps}"));
        table.AddRow("contended", N(contention.Contended.MeanMs, "0.00"), N(contention.Contended.MedianMs, "0.00"), N(contention.Contended.P99Ms, "0.00"), Invariant($"{contention.Contended.Steps}"));
        table.AddRow("ratio", N(contention.MeanRatio, "0.00"), N(contention.Contended.MedianMs / contention.Quiet.MedianMs, "0.00"), N(contention.P99Ratio, "0.00"), "");
        return Titled(table, Invariant($"batch 1, depth {contention.Depth}, beside {contention.Threads} busy threads; contended p99 is {N(contention.P99ToQuietMean, "0.00")} of the quiet mean"));
    }

    public static Table Of(CapacityBenched result)
    {
        var table = Numbers("depth", "largest batch", "tokens/s", "step ms", "weights", "KV a sequence", "activations", "KV slabs", "peak RSS");
        foreach (var row in result.Rows)
        {
            table.AddRow(
                Invariant($"{row.Depth}"), Invariant($"{row.MaxBatch}"), N(row.DecodeTps, "0.0"), N(row.StepMs, "0.00"), Units.Bytes(row.WeightBytes), Units.Bytes(row.KvBytesPerSequence),
                Units.Bytes(row.WorkspaceBytes), Units.Bytes(row.KvSlabBytes), Units.Bytes(row.PeakRssBytes));
        }

        return Titled(table, Invariant($"{result.Model}, {result.Precision}, KV {result.Rows[0].KvPrecision}, {result.Device}, context {result.Context}, budget {Units.Bytes(result.BudgetBytes)}"));
    }

    public static Table Numbers(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
        return table;
    }

    public static Table Titled(Table table, string title) => table.Title(Markup.Escape(title));

    private static string N(double? value, string format) => Units.Number(value, format);
}
