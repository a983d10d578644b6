using Helios.Cli.Output;
using Spectre.Console;
using static Helios.Cli.Benching.BenchTables;

namespace Helios.ModelBench.Output;

/// <summary>Results as tables for people.</summary>
internal static class ModelTables
{
    public static Table Of(QualityBenched result)
    {
        var table = Numbers("precision", "depth", "bits per byte", "gap", "agreement", "weights");
        foreach (var row in result.Rows)
        {
            table.AddRow(
                row.Precision, Invariant($"{row.Depth}"), Units.Number(row.BitsPerByte, "0.0000"), Units.Number(row.GapBitsPerByte, "+0.0000;-0.0000;0.0000"), Units.Number(row.Agreement, "0.0000"), Units.Bytes(row.WeightBytes));
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
                Invariant($"{row.Draft}"), Invariant($"{row.Batch}"), Units.Number(row.PlainTps, "0"), Units.Number(row.LosslessTps, "0"), Units.Number(row.SpeedUp, "0.00"),
                Units.Number(row.Acceptance, "0.00"), Units.Number(row.DraftedShare, "0.00"), Units.Number(row.TokensPerStep, "0.00"));
        }

        return Titled(table, Invariant($"{result.Model}, {result.Precision}, {result.Layers} layers, {result.Device}, temperature {Units.Number(result.Temperature, "0.##")}, {result.MaxTokens} tokens an answer, equal in both"));
    }

    public static Table Of(ExitsBenched result)
    {
        var batches = result.Rows[0].Speeds.Select(speed => Invariant($"speed-up, batch {speed.Batch}"));
        var table = Numbers(["policy", "checks", "bits per byte", "gap", "agreement", "mean depth", "left at", .. batches]);
        foreach (var row in result.Rows)
        {
            var left = string.Join(", ", row.ExitShares.Select(share => $"{share.Key}: {Units.Number(100 * share.Value, "0")} %"));
            table.AddRow(
            [
                row.Policy, row.Checks.IsEmpty ? "none" : string.Join(", ", row.Checks), Units.Number(row.BitsPerByte, "0.0000"), Units.Number(row.GapBitsPerByte, "+0.0000;-0.0000;0.0000"),
                Units.Number(row.Agreement, "0.0000"), Units.Number(row.MeanDepth, "0.00"), left, .. row.Speeds.Select(speed => Units.Number(speed.SpeedUp, "0.00")),
            ]);
        }

        return Titled(table, Invariant($"{result.Model}, {result.Precision}, depth {result.Depth}, {result.Device}, {Units.Count(result.Tokens)} tokens of {Units.Count(result.Texts)} texts; gap, agreement and speed-up are to no exits"));
    }
}
