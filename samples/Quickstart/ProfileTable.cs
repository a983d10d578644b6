using System.Collections.Immutable;
using Helios.Sdk;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quickstart;

/// <summary>What is known of a candidate at each of its exits.</summary>
internal static class ProfileTable
{
    private const int BarWidth = 10;

    public static IRenderable Render(ImmutableArray<PointProfile> profiles)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("exit", "tokens").AddColumns([.. Numbers("", "tok/s", "bits/B", "agree", "breach", "weights", "batch")]);
        foreach (var profile in profiles)
        {
            table.AddRow(
                $"{profile.Point.Target}",
                Bar(profile.ExitShare),
                Format.Share(profile.ExitShare),
                $"{profile.Throughput:0}",
                Format.Known(profile.BitsPerByte, "0.00"),
                Format.Share(profile.Agreement),
                Format.Share(profile.BreachRate),
                Format.Bytes(profile.WeightBytes),
                $"{profile.MaxBatch}");
        }

        return table;
    }

    private static IEnumerable<TableColumn> Numbers(params IEnumerable<string> names) =>
        names.Select(name => new TableColumn(name).RightAligned().NoWrap().Padding(0, 0, 1, 0));

    private static string Bar(double? share) => new string('█', (int)Math.Round((share ?? 0) * BarWidth)).PadRight(BarWidth);
}
