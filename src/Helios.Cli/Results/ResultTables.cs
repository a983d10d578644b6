using Helios.Cli.Events;
using Helios.Cli.Output;
using Helios.Sdk.Lab;
using Spectre.Console;

namespace Helios.Cli.Results;

/// <summary>Results as tables for people.</summary>
internal static class ResultTables
{
    public static Table Of(Inspection model) => Tables.Facts(
        ("name", model.Name),
        ("architecture", model.Architecture),
        ("layers", Invariant($"{model.Layers}, exits at {string.Join(", ", model.Exits.Select(exit => model.ExitParts.TryGetValue(Invariant($"{exit}"), out var parts) ? Invariant($"{exit} (own {string.Join(", ", parts)})") : Invariant($"{exit}")))}")),
        ("hidden size", Units.Count(model.HiddenSize)),
        ("vocabulary", Units.Count(model.VocabSize)),
        ("context", $"{Units.Count(model.ContextLength)} tokens"),
        ("parameters", $"{Units.Count(model.Parameters)}, stored as {model.Dtype}"),
        ("held as", model.Held.Count == 0 ? model.Precision : string.Join("; ", model.Held.Select(held => $"{held.Key}: {held.Value}"))),
        ("fixed part", Units.Bytes(model.Bytes.Fixed)),
        ("largest layer", Units.Bytes(model.Bytes.PerLayer)),
        ("KV", $"{Units.Bytes(model.Bytes.KvPerTokenPerLayer)} per token and layer"),
        ("tokenizer", model.Tokenizer ?? "none that can be read"),
        ("end of sequence", model.Generation.EndOfSequence.IsEmpty ? "none" : string.Join(", ", model.Generation.EndOfSequence)),
        ("sampling", model.Generation.Ignored.IsEmpty ? model.Generation.ToWords() : $"{model.Generation.ToWords()}; ignored: {string.Join(", ", model.Generation.Ignored)}"));

    public static Table Of(Profiled profiled)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in (string[])["model", "depth", "weights", "batch", "tokens/s", "TPOT ms", "alone ms", "TTFT ms", "bits per byte", "gap", "agreement", "breaches"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var point in profiled.Points)
        {
            table.AddRow(
                Markup.Escape(point.Model), Invariant($"{point.Depth}"), Units.Bytes(point.WeightBytes), Invariant($"{point.MaxBatch}"), Units.Number(point.Throughput, "0"),
                Units.Number(point.TpotMs, "0.00"), Units.Number(point.AloneTpotMs, "0.00"), Units.Number(point.TtftMs, "0.0"), Units.Number(point.BitsPerByte, "0.000"),
                Units.Number(point.QualityGap, "+0.000;-0.000;0.000"), Units.Number(point.Agreement, "0.000"), Units.Number(point.BreachRate, "0.000"));
        }

        return table.Title(Markup.Escape($"{profiled.Device}, {Units.Count(profiled.Texts)} texts, written to {profiled.Out}"));
    }

    public static Table Of(Scored scored, Func<int, string> textOf)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("depth", "nats", "nats a token", "top token after the last");
        table.Columns[0].RightAligned();
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (var (depth, nats) in scored.Nll)
        {
            var top = scored.TopId[depth];
            var perToken = scored.Tokens > 1 ? nats / (scored.Tokens - 1) : (double?)null;
            table.AddRow(new Text(depth), new Text(Units.Number(nats, "0.0000")), new Text(Units.Number(perToken, "0.0000")), new Text(Invariant($"{top} {textOf(top)}")));
        }

        return table;
    }

    public static Table Of(CertificationReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("point", "tokens that differ", "95 %", "p", "");
        foreach (var tested in report.Points)
        {
            var interval = tested.Interval is { } known ? Invariant($"{known.Low:0.0%} to {known.High:0.0%}") : "";
            table.AddRow(
                new Text(tested.Point.ToString()),
                new Text(Invariant($"{tested.Disagreement:0.00%}")),
                new Text(interval),
                new Text(Units.Number(tested.PValue, "0.0000")),
                new Text(tested.RefusedBecause ?? "certified"));
        }

        return table;
    }
}
