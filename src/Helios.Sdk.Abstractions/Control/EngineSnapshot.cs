using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;

namespace Helios.Sdk;

/// <summary>The state of an engine at one moment.</summary>
public sealed record EngineSnapshot
{
    /// <summary>The device that it runs on.</summary>
    public required DeviceInfo Device { get; init; }

    /// <summary>The active point; null before the first model is loaded.</summary>
    public required OperatingPoint? Serving { get; init; }

    /// <summary>Whether the last decision found no point that satisfies every constraint.</summary>
    public required bool IsDegraded { get; init; }

    /// <summary>Steps run since the start.</summary>
    public required long Steps { get; init; }

    /// <summary>Requests completed since the start.</summary>
    public required long CompletedRequests { get; init; }

    /// <summary>Sequences that hold KV now.</summary>
    public required int RunningSequences { get; init; }

    /// <summary>Preemptions since the start: a sequence gave up its KV and continued later.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Maximum of tokens sampled in one step.</summary>
    public required int PeakBatch { get; init; }

    /// <summary>Bytes of KV slabs.</summary>
    public required long KvSlabBytes { get; init; }

    /// <summary>Bytes of KV blocks in use.</summary>
    public required long KvUsedBytes { get; init; }

    /// <summary>Bytes of unused KV blocks, kept for requests that begin with the same tokens.</summary>
    public required long KvCachedBytes { get; init; }

    /// <summary>Tokens of the prompts of all requests that started.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Those of <see cref="PromptTokens"/> whose KV came from the prefix cache.</summary>
    public required long PrefixHitTokens { get; init; }

    /// <summary>Maximum of <see cref="KvUsedBytes"/> since the start.</summary>
    public required long KvPeakBytes { get; init; }

    /// <summary>
    /// Bytes of host memory that live requests take, waiting ones too: ids, text and depths of prompt and answer, stop strings, log probabilities.
    /// They grow with the present size of a request, not with its limits. They are not part of the memory budget, which is the device's.
    /// </summary>
    public required long RequestBytes { get; init; }

    /// <summary>Bytes of host memory counted for long prompts that are being encoded; see <see cref="ServingOptions.MaxEncodingBytes"/>.</summary>
    public required long EncodingBytes { get; init; }

    /// <summary>Recent share of busy device time that scoring took, 0..1.</summary>
    public required double ScoringShare { get; init; }

    /// <summary>Tokens drafted by the active point and verified.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Drafted tokens that equal the full-depth tokens.</summary>
    public required long AcceptedTokens { get; init; }

    /// <summary>Energy of the device since the engine started, in joules, including other work of the device; or why it is not known.</summary>
    public required EnergyReading Energy { get; init; }

    /// <summary>The meter of <see cref="Energy"/> and what it counts.</summary>
    public required string EnergySource { get; init; }

    /// <summary>Whether <see cref="Energy"/> is an estimate, not a measurement.</summary>
    public required bool EnergyIsEstimate { get; init; }

    /// <summary>The profile of every candidate at every exit.</summary>
    public required ImmutableArray<PointProfile> Profiles { get; init; }
}
