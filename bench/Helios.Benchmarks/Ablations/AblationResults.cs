using System.Collections.Immutable;
using System.Text.Json;

namespace Helios.Benchmarks.Ablations;

/// <summary>Runs of all variants: what the tables are made of. Rounds are added to it as they are measured.</summary>
/// <param name="Machine">Processors, as the runtime sees them.</param>
/// <param name="Date">When the last round was measured.</param>
/// <param name="RequestsPerKind">Requests before the kind of text changes.</param>
/// <param name="Runs">By variant, in the order of rounds.</param>
internal sealed record AblationResults(string Machine, DateOnly Date, int RequestsPerKind, ImmutableSortedDictionary<string, ImmutableArray<RunFigures>> Runs)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>What the file holds; nothing when there is none.</summary>
    /// <exception cref="InvalidDataException">It holds runs of other traffic.</exception>
    public static AblationResults ReadOrStart(string path, int requestsPerKind)
    {
        var results = File.Exists(path)
            ? JsonSerializer.Deserialize<AblationResults>(File.ReadAllText(path), Json) ?? throw new InvalidDataException($"{path}: no results.")
            : new AblationResults($"{Environment.ProcessorCount} processors", default, requestsPerKind, ImmutableSortedDictionary.Create<string, ImmutableArray<RunFigures>>(StringComparer.Ordinal));
        return results.RequestsPerKind == requestsPerKind
            ? results
            : throw new InvalidDataException($"{path}: its runs have {results.RequestsPerKind} requests of a kind; expected {requestsPerKind}.");
    }

    /// <summary>Runs of a variant; none when it was not measured.</summary>
    public ImmutableArray<RunFigures> Of(Variant variant) => Runs.GetValueOrDefault(variant.MeasuredAs, []);

    public AblationResults Add(Variant variant, RunFigures run) => this with
    {
        Date = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().Date),
        Runs = Runs.SetItem(variant.MeasuredAs, Of(variant).Add(run)),
    };

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}

/// <summary>What one run of a variant came to.</summary>
internal sealed record RunFigures
{
    /// <summary>Tokens answered.</summary>
    public required long Tokens { get; init; }

    /// <summary>From the first request to the last answer, evaluation included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Processor time of the whole process on all cores, in milliseconds: hardly touched by what else the machine has to do.</summary>
    public required double ProcessorMsPerToken { get; init; }

    /// <summary>Median time to the first token.</summary>
    public required double TtftP50Ms { get; init; }

    /// <summary>What 95 % do not pass.</summary>
    public required double TtftP95Ms { get; init; }

    /// <summary>Median time of each further token.</summary>
    public required double TpotP50Ms { get; init; }

    /// <summary>What 95 % do not pass.</summary>
    public required double TpotP95Ms { get; init; }

    /// <summary>Layers that a token ran through, of whichever model.</summary>
    public required double MeanDepth { get; init; }

    /// <summary>Most sequences in one step.</summary>
    public required int PeakBatch { get; init; }

    /// <summary>From the first request until every candidate was evaluated; 0 without evaluation.</summary>
    public required double EvaluationSeconds { get; init; }

    /// <summary>Share of busy device time that scoring took after the evaluation, at the end of the run.</summary>
    public required double ScoringShare { get; init; }

    /// <summary>Share of the run in which a step ran: scoring, probes and planning take the rest.</summary>
    public required double StepShare { get; init; }

    /// <summary>Decisions, those that changed nothing among them.</summary>
    public required int Decisions { get; init; }

    /// <summary>Changes of the active point, in order, with their triggers.</summary>
    public required ImmutableArray<string> Changes { get; init; }

    /// <summary>Bits per byte of the prompts above those of the best whole model, on a sample.</summary>
    public double? QualityGap { get; init; }

    /// <summary>Share of answered tokens that are their model's full-depth token, on the same sample.</summary>
    public double? Agreement { get; init; }

    public double TokensPerSecond => Tokens / Seconds;
}
