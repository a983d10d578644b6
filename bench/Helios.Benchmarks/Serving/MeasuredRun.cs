using System.Collections.Immutable;
using System.Text.Json;
using Helios.Cli.Benching;

namespace Helios.Benchmarks.Serving;

/// <summary>What the lines of one <c>helios run</c> come to.</summary>
internal sealed record MeasuredRun(double Share, string Point, JsonElement Summary)
{
    /// <param name="lines">The output; the warm-up's requests are marked and left out.</param>
    /// <param name="plan">The limits.</param>
    public static MeasuredRun Of(IReadOnlyList<JsonElement> lines, GoodputPlan plan)
    {
        var answered = lines.Where(line => line.GetProperty("event").GetString() == "completed" && !line.TryGetProperty("warmUp", out _)).ToList();
        var point = answered.GroupBy(PointOf, StringComparer.Ordinal).MaxBy(group => group.Count())?.Key ?? "none";

        // What failed or was turned away is in the summary's count, and not within limits.
        return new MeasuredRun((double)answered.Count(line => IsWithin(line, plan)) / lines[^1].GetProperty("requests").GetInt32(), point, lines[^1]);
    }

    /// <summary>Medians of several runs.</summary>
    public static GoodputPoint Summarize(double rate, IReadOnlyList<MeasuredRun> runs) => new(
        rate,
        MedianOf(runs.Select(run => (double?)run.Share))!.Value,
        [.. runs.Select(run => run.Share)],
        MedianOf(runs.Select(run => run.Number("ttftMs", "p50"))),
        MedianOf(runs.Select(run => run.Number("ttftMs", "p95"))),
        MedianOf(runs.Select(run => run.Number("tpotMs", "p50"))),
        MedianOf(runs.Select(run => run.Number("tpotMs", "p95"))),
        MedianOf(runs.Select(run => run.Number("throughputTps"))),
        MedianOf(runs.Select(run => run.Number("meanDepth"))),
        MedianOf(runs.Select(run => run.Number("agreement"))),
        MedianOf(runs.Select(run => run.Number("qualityGapBitsPerByte"))),
        [.. runs.Select(run => run.Point)]);

    /// <summary>An answer of one token has no time between tokens: its line says 0.</summary>
    private static bool IsWithin(JsonElement completed, GoodputPlan plan) =>
        completed.GetProperty("ttftMs").GetDouble() <= plan.TtftMs && completed.GetProperty("tpotMs").GetDouble() <= plan.TpotMs;

    private static string PointOf(JsonElement completed)
    {
        var target = $"{completed.GetProperty("model").GetString()}@{completed.GetProperty("depth").GetInt32()}";
        return completed.GetProperty("exitPolicy").GetString() is var policy and not "none" ? $"{target}+{policy}" : target;
    }

    private static double? MedianOf(IEnumerable<double?> values)
    {
        var known = new Samples();
        foreach (var value in values)
        {
            if (value is { } number) known.Add(number);
        }

        return known.Count == 0 ? null : known.Median;
    }

    private double? Number(params ReadOnlySpan<string> path)
    {
        var value = Summary;
        foreach (var field in path) value = value.GetProperty(field);
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
    }
}
