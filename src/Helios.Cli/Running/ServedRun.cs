using System.Collections.Immutable;
using Helios.Sdk;

namespace Helios.Cli.Running;

/// <summary>A request that was answered.</summary>
/// <param name="Request">Its number, from 0.</param>
/// <param name="Prompt">What was asked.</param>
/// <param name="Result">The answer.</param>
/// <param name="Point">What answered it.</param>
internal sealed record Served(int Request, PromptLine Prompt, GenerationResult Result, OperatingPoint Point);

/// <summary>What came of a run's serving part.</summary>
internal sealed record ServedRun
{
    /// <summary>Requests that were answered, by number.</summary>
    public required ImmutableArray<Served> Completed { get; init; }

    /// <summary>Requests that were not.</summary>
    public required int Failed { get; init; }

    /// <summary>Why the first of them was not.</summary>
    public required string? FirstFailure { get; init; }

    /// <summary>From the first request to the last answer.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Most bytes that weights, workspaces and KV took together.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Most sequences that ran at once.</summary>
    public required int MaxBatch { get; init; }

    public SummaryLine Summarize(CheckResult? check, ImmutableArray<ChangeLine> changes)
    {
        var tokens = Completed.Sum(served => (long)served.Result.TokenIds.Length);
        return new SummaryLine(
            Completed.Length + Failed,
            Failed,
            tokens,
            tokens == 0 ? 0 : tokens / Math.Max(Took.TotalSeconds, 1e-9),
            Percentiles.Of(Completed.Select(served => served.Result.TimeToFirstToken)),
            Percentiles.Of(Completed.Where(served => served.Result.TokenIds.Length > 1).Select(served => served.Result.TimePerOutputToken)),
            JoulesPerToken: null,
            PeakBytes,
            MaxBatch,
            tokens == 0 ? null : Completed.Sum(served => served.Result.ExitDepths.Sum(depth => (double)depth)) / tokens,
            check?.Agreement,
            check?.QualityGapBitsPerByte,
            check?.WholeTextGapBitsPerByte,
            changes);
    }
}
