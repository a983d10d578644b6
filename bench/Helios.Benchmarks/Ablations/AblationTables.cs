using Helios.Cli.Benching;

namespace Helios.Benchmarks.Ablations;

/// <summary>Results as markdown: medians over the rounds, with the least and the most of them.</summary>
internal static class AblationTables
{
    public static void Write(AblationResults results, TextWriter output)
    {
        foreach (var (title, variants) in Variant.Groups)
        {
            output.WriteLine();
            output.WriteLine($"### {title}");
            output.WriteLine();
            output.WriteLine("| variant | tok/s | to full depth | processor µs per token | TTFT ms | TPOT ms | layers | batch | changes | quality gap | agreement | scoring | rounds |");
            output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
            foreach (var variant in variants) output.WriteLine(Row(results, variant));
        }
    }

    private static string Row(AblationResults results, Variant variant)
    {
        var runs = results.Of(variant);
        if (runs.IsEmpty) return $"| {variant.Name} | not measured |";

        string Of(Func<RunFigures, double?> figure, string format) => Range(runs.Select(figure), format);
        var ratios = runs.Zip(results.Of(Variant.Baseline), (run, baseline) => (double?)run.TokensPerSecond / baseline.TokensPerSecond);
        string[] cells =
        [
            variant.Name,
            Of(run => run.TokensPerSecond, "#,0"),
            Range(ratios, "0.00x"),
            Of(run => run.ProcessorMsPerToken * 1000, "0"),
            Of(run => run.TtftP50Ms, "0"),
            Of(run => run.TpotP50Ms, "0.0"),
            Of(run => run.MeanDepth, "0.0"),
            Of(run => run.PeakBatch, "0"),
            Of(run => run.Changes.Length, "0"),
            Of(run => run.QualityGap, "0.000"),
            Of(run => run.Agreement, "0.0 %"),
            Of(run => run.ScoringShare, "0.0 %"),
            $"{runs.Length}",
        ];
        return $"| {string.Join(" | ", cells)} |";
    }

    private static string Range(IEnumerable<double?> values, string format)
    {
        var known = new Samples();
        foreach (var value in values.OfType<double>()) known.Add(value);
        if (known.Count == 0) return "";
        var (median, least, most) = (known.Median.ToString(format), known.At(0).ToString(format), known.At(1).ToString(format));
        return least == most ? median : $"{median} ({least}..{most})";
    }
}
