using Spectre.Console;

namespace Helios.Cli.Output;

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

    public static Table Of(QualityBenched result)
    {
        var table = Numbers("precision", "depth", "bits per byte", "gap", "agreement", "weights");
        foreach (var row in result.Rows)
        {
            table.AddRow(
                row.Precision, Invariant($"{row.Depth}"), N(row.BitsPerByte, "0.0000"), N(row.GapBitsPerByte, "+0.0000;-0.0000;0.0000"), N(row.Agreement, "0.0000"), Units.Bytes(row.WeightBytes));
        }

        var first = result.Rows[0];
        return Titled(table, $"{result.Model}, KV {first.KvPrecision}, {result.Device}, {Units.Count(first.Tokens)} tokens of {Units.Count(result.Texts)} texts; gap and agreement are to {first.Precision}");
    }

    public static Table Of(LosslessBenched result)
    {
        var table = Numbers("draft at", "batch", "plain tokens/s", "lossless tokens/s", "speed-up", "acceptance", "drafted", "tokens a step");
        foreach (var row in result.Rows)
        {
            table.AddRow(
                Invariant($"{row.Draft}"), Invariant($"{row.Batch}"), N(row.PlainTps, "0"), N(row.LosslessTps, "0"), N(row.SpeedUp, "0.00"),
                N(row.Acceptance, "0.00"), N(row.DraftedShare, "0.00"), N(row.TokensPerStep, "0.00"));
        }

        return Titled(table, Invariant($"{result.Model}, {result.Precision}, {result.Layers} layers, {result.Device}, temperature {N(result.Temperature, "0.##")}, {result.MaxTokens} tokens an answer, equal in both"));
    }

    public static Table Of(ExitsBenched result)
    {
        var batches = result.Rows[0].Speeds.Select(speed => Invariant($"speed-up, batch {speed.Batch}"));
        var table = Numbers(["policy", "looks at", "bits per byte", "gap", "agreement", "mean depth", "left at", .. batches]);
        foreach (var row in result.Rows)
        {
            var left = string.Join(", ", row.ExitShares.Select(share => $"{share.Key}: {N(100 * share.Value, "0")} %"));
            table.AddRow(
            [
                row.Policy, row.Looks.IsEmpty ? "none" : string.Join(", ", row.Looks), N(row.BitsPerByte, "0.0000"), N(row.GapBitsPerByte, "+0.0000;-0.0000;0.0000"),
                N(row.Agreement, "0.0000"), N(row.MeanDepth, "0.00"), left, .. row.Speeds.Select(speed => N(speed.SpeedUp, "0.00")),
            ]);
        }

        return Titled(table, Invariant($"{result.Model}, {result.Precision}, depth {result.Depth}, {result.Device}, {Units.Count(result.Tokens)} tokens of {Units.Count(result.Texts)} texts; gap, agreement and speed-up are to no exits"));
    }

    private static Table Numbers(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
        return table;
    }

    private static Table Titled(Table table, string title) => table.Title(Markup.Escape(title));

    private static string N(double? value, string format) => Units.Number(value, format);
}
