using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Serving.Routing;

/// <summary>A model on the device with what serving needs to know of it. Lives as long as a lease on it does.</summary>
/// <param name="Info">What its headers say.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
/// <param name="Device">The model that runs.</param>
/// <param name="Calibration">What its confidence signals are worth; replaced whole when more is learnt.</param>
internal sealed record ServedModel(CheckpointInfo Info, ITokenizer Tokenizer, ILayeredModel Device, ConfidenceSource Calibration)
{
    private static long lastId;

    private readonly KvParts[] kvParts = [.. Enumerable.Range(0, Info.Architecture.Layers + 1).Select(depth => KvCache.KvParts.Of(Info.Architecture, depth))];

    /// <summary>How conversations are put to it; null when it takes none.</summary>
    public ChatFormat? Chat { get; init; }

    /// <summary>Distinguishes this load of the model from every other: KV is worth something on the load it came from alone.</summary>
    public long Id { get; } = Interlocked.Increment(ref lastId);

    /// <summary>Tokens of the longest sequence whose KV others with the same tokens can use.</summary>
    public int LongestShared { get; } = Info.Architecture.DependsFromLength ?? int.MaxValue;

    /// <summary>Tokens beyond which a sequence that grows is computed again; <see cref="int.MaxValue"/> if it never is.</summary>
    public int RecomputedBeyond { get; } =
        Info.Architecture.Stack.Any(layer => layer.Attention.Rotary?.Scaling.RecomputesBeyond == true) ? Info.Architecture.DependsFromLength!.Value : int.MaxValue;

    /// <summary>What KV sequences at a depth keep.</summary>
    public KvParts KvParts(int depth) => kvParts[depth];
}
