using System.Collections.Immutable;
using Helios.Sdk;

namespace Quickstart;

/// <summary>Memory in use at one moment.</summary>
/// <param name="Weights">Bytes of weights and workspaces.</param>
/// <param name="Kv">Bytes of keys and values.</param>
internal readonly record struct MemoryUse(long Weights, long Kv)
{
    public static MemoryUse Of(HeliosEngine engine) =>
        new(engine.Pool.Snapshot.Models.Sum(model => model.LoadedBytes), engine.Snapshot.KvUsedBytes);
}

/// <summary>What came of one phase.</summary>
/// <param name="Kind">Kind of its prompts.</param>
/// <param name="Answers">The answers, in the order of their requests.</param>
/// <param name="Memory">Memory in use whenever an answer was done.</param>
internal sealed record PhaseReport(string Kind, ImmutableArray<GenerationResult> Answers, ImmutableArray<MemoryUse> Memory)
{
    /// <summary>From the first request to the last answer.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Processor time of the whole process meanwhile, on all cores together.</summary>
    public required TimeSpan Processor { get; init; }

    public int Tokens => Answers.Sum(answer => answer.TokenIds.Count);

    public double TokensPerSecond => Tokens / Took.TotalSeconds;

    public double MeanDepth => Answers.SelectMany(answer => answer.ExitDepths).Average();

    /// <summary>What served, with its share of the answers; the most frequent first.</summary>
    public IEnumerable<(OperatingPoint Point, double Share)> Points => Answers
        .CountBy(answer => answer.Point!)
        .OrderByDescending(point => point.Value)
        .Select(point => (point.Key, (double)point.Value / Answers.Length));
}

/// <summary>What came of a whole run.</summary>
/// <param name="Phases">Its phases.</param>
/// <param name="PeakBatch">Most sequences that decoded in one step.</param>
internal sealed record RunReport(ImmutableArray<PhaseReport> Phases, int PeakBatch)
{
    public double TokensPerSecond => Tokens / Phases.Sum(phase => phase.Took.TotalSeconds);

    /// <summary>Unlike the throughput, hardly touched by what else the machine has to do.</summary>
    public double ProcessorMsPerToken => Phases.Sum(phase => phase.Processor.TotalMilliseconds) / Tokens;

    public double TtftMs => Answers.Average(answer => answer.TimeToFirstToken.TotalMilliseconds);

    public double TpotMs => Answers.Where(answer => answer.TokenIds.Count > 1).Average(answer => answer.TimePerOutputToken.TotalMilliseconds);

    public double MeanDepth => Answers.SelectMany(answer => answer.ExitDepths).Average();

    public double WeightBytes => Memory.Average(memory => memory.Weights);

    public double KvBytes => Memory.Average(memory => memory.Kv);

    private int Tokens => Phases.Sum(phase => phase.Tokens);

    private IEnumerable<GenerationResult> Answers => Phases.SelectMany(phase => phase.Answers);

    private IEnumerable<MemoryUse> Memory => Phases.SelectMany(phase => phase.Memory);
}
