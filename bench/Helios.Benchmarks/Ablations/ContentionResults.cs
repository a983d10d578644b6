using System.Collections.Immutable;
using System.Text.Json;
using Helios.Cli.Benching;

namespace Helios.Benchmarks.Ablations;

/// <summary>How contention is measured.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="Part">How long each of the three parts takes.</param>
/// <param name="WarmUp">How long requests come before the first part; those of the evaluation are among them.</param>
/// <param name="MaxQualityGap">Floor of quality, in bits per byte above the best whole model.</param>
/// <param name="MinimumGain">Gain for which a point is left, relative.</param>
/// <param name="TpotMs">Time per token that is wanted, for the share that keeps it.</param>
internal sealed record ContentionPlan(double Rate, TimeSpan Part, TimeSpan WarmUp, double? MaxQualityGap, double MinimumGain, double TpotMs)
{
    /// <summary>In place of an objective: all of tiny-m, for good.</summary>
    public const string FullDepth = "full";

    public static ImmutableArray<string> Parts { get; } = ["alone", "half the cores taken", "alone again"];
}

/// <summary>What one run under contention came to.</summary>
/// <param name="Objective">What "best" meant.</param>
/// <param name="Plan">How it was measured.</param>
/// <param name="Answers">By the moment at which they were whole.</param>
/// <param name="Samples">What the engine said of itself, twice a second.</param>
/// <param name="Decisions">Of the warm-up too: those have negative moments.</param>
internal sealed record ContentionResults(
    string Objective, ContentionPlan Plan, ImmutableArray<TimedAnswer> Answers, ImmutableArray<PaceSample> Samples, ImmutableArray<TimedDecision> Decisions)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static ImmutableArray<ContentionResults> Read(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize<ImmutableArray<ContentionResults>>(File.ReadAllText(path), Json) : [];

    public static void Write(string path, ImmutableArray<ContentionResults> all) => File.WriteAllText(path, JsonSerializer.Serialize(all, Json) + "\n");

    /// <summary>A table by part, then every decision that was not made in the warm-up.</summary>
    public void Print(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine($"### {Objective}, {Plan.Rate:0} requests a second");
        output.WriteLine();
        output.WriteLine($"| part | pace | tok/s | TTFT ms, p50 | p95 | TPOT ms, p50 | p95 | within {Plan.TpotMs:0.##} ms | served by |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        for (var part = 0; part < ContentionPlan.Parts.Length; part++) output.WriteLine(Row(part));
        output.WriteLine();
        output.WriteLine("| at s | trigger | from | to | batch | reason |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (var decision in Decisions.Where(decision => decision.At >= 0))
            output.WriteLine($"| {decision.At:0.0} | {decision.Trigger} | {decision.From} | {(decision.From == decision.To ? "stays" : decision.To)} | {decision.Batch} | {decision.Reason} |");
    }

    private string Row(int part)
    {
        var seconds = Plan.Part.TotalSeconds;
        bool IsIn(double at) => Math.Floor(at / seconds) == part;
        var ended = Answers.Where(answer => IsIn(answer.EndedAt)).ToList();
        var pace = SamplesOf(Samples.Where(sample => IsIn(sample.At)).Select(sample => sample.Pace));
        var (ttft, tpot) = (SamplesOf(ended.Select(answer => answer.TtftMs)), SamplesOf(ended.Where(answer => answer.Tokens > 1).Select(answer => answer.TpotMs)));
        var within = ended.Count(answer => answer.TpotMs <= Plan.TpotMs) / (double)ended.Count;
        var points = ended.CountBy(answer => answer.Point, StringComparer.Ordinal).OrderByDescending(point => point.Value).Select(point => $"{point.Key} {point.Value / (double)ended.Count:P0}");
        return $"| {ContentionPlan.Parts[part]} | {pace.Median:0.00} | {ended.Sum(answer => answer.Tokens) / seconds:#,0} | {ttft.Median:0.0} | {ttft.At(0.95):0.0} | {tpot.Median:0.00} | {tpot.At(0.95):0.00} | {within:P0} | {string.Join(", ", points)} |";
    }

    private static Samples SamplesOf(IEnumerable<double> values)
    {
        var samples = new Samples();
        foreach (var value in values) samples.Add(value);
        return samples;
    }
}

/// <summary>An answer, in seconds since the first part began.</summary>
internal sealed record TimedAnswer(double EndedAt, double TtftMs, double TpotMs, int Tokens, string Point);

/// <summary>What the engine said of itself: the active point, how many times as long steps take as they usually do, and how many requests it serves at once.</summary>
internal sealed record PaceSample(double At, string Serving, double Pace, int Running);

/// <summary>A decision, in seconds since the first part began.</summary>
internal sealed record TimedDecision(double At, string Trigger, string From, string To, int? Batch, string Reason);
