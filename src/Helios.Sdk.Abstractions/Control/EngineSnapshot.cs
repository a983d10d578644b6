using System.Collections.Immutable;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;

namespace Helios.Sdk;

/// <summary>An engine at one moment.</summary>
public sealed record EngineSnapshot
{
    /// <summary>The device that it runs on.</summary>
    public required DeviceInfo Device { get; init; }

    /// <summary>The active point; null before the first model does.</summary>
    public required OperatingPoint? Serving { get; init; }

    /// <summary>Whether the last decision found no point that meets every constraint.</summary>
    public required bool IsDegraded { get; init; }

    /// <summary>Steps run since the start.</summary>
    public required long Steps { get; init; }

    /// <summary>Requests completed since the start.</summary>
    public required long CompletedRequests { get; init; }

    /// <summary>Sequences that hold KV now.</summary>
    public required int RunningSequences { get; init; }

    /// <summary>How often a sequence gave its KV up since the start, to go on later.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Most tokens sampled in one step.</summary>
    public required int PeakBatch { get; init; }

    /// <summary>Bytes of KV slabs.</summary>
    public required long KvSlabBytes { get; init; }

    /// <summary>Bytes of KV blocks in use.</summary>
    public required long KvUsedBytes { get; init; }

    /// <summary>Bytes of KV blocks that nobody uses, kept for requests that begin with the same tokens.</summary>
    public required long KvCachedBytes { get; init; }

    /// <summary>Tokens of the prompts of all requests that started.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Those of <see cref="PromptTokens"/> that needed not be computed, because their KV was there already.</summary>
    public required long PrefixHitTokens { get; init; }

    /// <summary>Most bytes of KV blocks that were ever in use.</summary>
    public required long KvPeakBytes { get; init; }

    /// <summary>
    /// Bytes of host memory that live requests take, waiting ones too: ids, text and depths of prompt and answer, stop strings, log probabilities.
    /// They grow with what a request has, not with what it may get, and stand beside the memory budget, which is the device's.
    /// </summary>
    public required long RequestBytes { get; init; }

    /// <summary>Bytes of host memory that the long prompts count for which are being encoded; see <see cref="ServingOptions.MaxEncodingBytes"/>.</summary>
    public required long EncodingBytes { get; init; }

    /// <summary>Share of busy device time that scoring took lately, 0..1.</summary>
    public required double ScoringShare { get; init; }

    /// <summary>Tokens drafted by the active point and put to verification.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Drafted tokens that were what the full depth says.</summary>
    public required long AcceptedTokens { get; init; }

    /// <summary>Energy that the device used since the engine started, whatever it was used for, in joules; or why that is not known.</summary>
    public required EnergyReading Energy { get; init; }

    /// <summary>What <see cref="Energy"/> counts, and by whom.</summary>
    public required string EnergySource { get; init; }

    /// <summary>Whether <see cref="Energy"/> is worked out rather than measured.</summary>
    public required bool EnergyIsEstimate { get; init; }

    /// <summary>What is known of every candidate at every exit.</summary>
    public required ImmutableArray<PointProfile> Profiles { get; init; }
}
