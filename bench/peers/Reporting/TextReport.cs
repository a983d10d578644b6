using Helios.Peers.Measuring;

namespace Helios.Peers.Reporting;

/// <summary>The comparison as one table for people.</summary>
internal static class TextReport
{
    private const double MiB = 1 << 20;

    public static void Write(TextWriter output, Settings settings, PeerBuild peer, IReadOnlyList<PairResult> results)
    {
        output.WriteLine($"{settings.Model.Name}, {settings.Threads} threads, {settings.Rounds} rounds: medians (least..most)");
        output.WriteLine();
        string[] header = ["", "", "Helios", "llama.cpp", "its attention", "ratio", "target", ""];
        var lines = results.SelectMany(result => result.Rows).Select(Cells).Prepend(header).ToArray();
        var widths = Enumerable.Range(0, header.Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines)
            output.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());

        output.WriteLine();
        foreach (var result in results.Where(result => result.OurBytes is not null))
            output.WriteLine($"{result.Pair}: weights of {result.OurBytes / MiB:F1} and {result.TheirBytes / MiB:F1} MiB.");
        foreach (var refusal in results.Select(result => result.Refusal).OfType<string>()) output.WriteLine($"{refusal}.");
        output.WriteLine($"{peer}.");
        foreach (var agreement in results.Select(result => result.Agreement).OfType<Agreement>())
        {
            output.WriteLine($"Same model: top token equal at {agreement.SameTop:P1} of {agreement.Tokens} positions, "
                + $"log probabilities {agreement.MeanDifference:F4} nats apart on average: {(agreement.Holds ? "they agree" : "THEY DISAGREE")}.");
        }
    }

    private static string[] Cells(Row row) =>
    [
        row.Pair.ToString(),
        row.Point,
        row.Ours is { } ours ? Figure(ours, row.Unit) : "not built yet",
        Figure(row.Theirs, row.Unit),
        row.TheirSetting.Split(' ')[0],
        row.Ratio is { } ratio ? $"{ratio.Median:F2} ({ratio.Least:F2}..{ratio.Most:F2})" : "",
        row.Target is { } target ? $">= {target:F2}" : "",
        row.Met switch { true => "met", false => "missed", null => "" },
    ];

    private static string Figure(Samples samples, string unit)
    {
        var format = unit == "ms" ? "F2" : "F0";
        return $"{samples.Median.ToString(format)} {unit} ({samples.Least.ToString(format)}..{samples.Most.ToString(format)})";
    }
}
