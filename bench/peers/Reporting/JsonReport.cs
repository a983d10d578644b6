using System.Text.Json;
using Helios.Peers.Measuring;

namespace Helios.Peers.Reporting;

/// <summary>The comparison as one JSON document.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(TextWriter output, Settings settings, PeerBuild peer, IReadOnlyList<PairResult> results) =>
        output.WriteLine(JsonSerializer.Serialize(
            new
            {
                Model = settings.Model.Name,
                settings.Threads,
                settings.Rounds,
                Peer = peer,
                Pairs = results.Select(result => new
                {
                    Ours = result.Pair.OurName,
                    Theirs = result.Pair.TheirName,
                    result.Refusal,
                    OurWeightBytes = result.OurBytes,
                    TheirWeightBytes = result.TheirBytes,
                    result.Agreement,
                    Rows = result.Rows.Select(row => new
                    {
                        row.Point,
                        row.Unit,
                        Ours = Figure(row.Ours),
                        Theirs = Figure(row.Theirs),
                        row.TheirSetting,
                        Ratio = Figure(row.Ratio),
                        row.Target,
                        row.Met,
                    }),
                }),
            },
            Options));

    private static object? Figure(Samples? samples) =>
        samples is null ? null : new { samples.Median, samples.Least, samples.Most };
}
