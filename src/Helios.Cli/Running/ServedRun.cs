using System.Collections.Immutable;
using Helios.Cli.Events;
using Helios.Cli.Files;
using Helios.Sdk;
using Helios.Sdk.Energy;

namespace Helios.Cli.Running;

/// <summary>A request as it came.</summary>
/// <param name="Request">Its number, from 0.</param>
/// <param name="Prompt">What was asked.</param>
/// <param name="AtMs">When it was due, in milliseconds since the start of the log.</param>
/// <param name="Late">How much later it was handed to the engine.</param>
/// <param name="IsWarmUp">Whether it is served before what counts begins.</param>
internal sealed record Arrival(int Request, PromptLine Prompt, double AtMs, TimeSpan Late, bool IsWarmUp);

/// <summary>A request that was answered.</summary>
/// <param name="Arrival">The request.</param>
/// <param name="Result">The answer.</param>
/// <param name="Point">What answered it.</param>
internal sealed record Served(Arrival Arrival, GenerationResult Result, OperatingPoint Point)
{
    /// <summary>From when it was due to its first token.</summary>
    public TimeSpan TimeToFirstToken => Arrival.Late + Result.TimeToFirstToken;
}

/// <summary>A request that was not answered.</summary>
/// <param name="Arrival">The request.</param>
/// <param name="Reason">Why.</param>
/// <param name="IsRejected">Whether the engine turned it away because it had too much to do.</param>
internal sealed record Unserved(Arrival Arrival, string Reason, bool IsRejected);

/// <summary>What came of a run's serving part.</summary>
internal sealed record ServedRun
{
    /// <summary>Requests that were answered, by number.</summary>
    public required ImmutableArray<Served> Completed { get; init; }

    /// <summary>Requests that were not, by number.</summary>
    public required ImmutableArray<Unserved> Unserved { get; init; }

    /// <summary>Whether tokens were drawn, because the run or a model of the pool asks for it.</summary>
    public required bool Samples { get; init; }

    /// <summary>From the first request to the last answer.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Most bytes that weights, workspaces and KV took together.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Most sequences that ran at once.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Energy used from the first request to the last answer, in joules, or why it is not known.</summary>
    public required EnergyReading Energy { get; init; }

    /// <summary>What <see cref="Energy"/> counts.</summary>
    public required string EnergySource { get; init; }

    /// <summary>Whether <see cref="Energy"/> is an estimate.</summary>
    public required bool EnergyIsEstimate { get; init; }

    public SummaryLine Summarize(CheckResult? check, ImmutableArray<ChangeLine> changes)
    {
        var tokens = Completed.Sum(served => (long)served.Result.TokenIds.Count);
        return new SummaryLine(
            Completed.Length + Unserved.Length,
            Unserved.Count(unserved => !unserved.IsRejected),
            Unserved.Count(unserved => unserved.IsRejected),
            tokens,
            tokens == 0 ? 0 : tokens / Math.Max(Took.TotalSeconds, 1e-9),
            Percentiles.Of(Completed.Select(served => served.TimeToFirstToken)),
            Percentiles.Of(Completed.Where(served => served.Result.TokenIds.Count > 1).Select(served => served.Result.TimePerOutputToken)),
            tokens == 0 ? null : Energy.Joules / tokens,
            EnergySource,
            EnergyIsEstimate,
            Energy.UnavailableBecause,
            PeakBytes,
            MaxBatch,
            tokens == 0 ? null : Completed.Sum(served => served.Result.ExitDepths.Sum(depth => (double)depth)) / tokens,
            check?.Agreement,
            check?.QualityGapBitsPerByte,
            check?.WholeTextGapBitsPerByte,
            changes);
    }
}
