using System.Collections.Immutable;

namespace Helios.Sdk.Models;

/// <summary>
/// How a model asks to be sampled, from its <c>generation_config.json</c> or the <c>general.sampling</c> keys of a GGUF file. It is the
/// default of what a request leaves open (<see cref="SamplingOptions"/>). The default values are those of a model that says nothing: greedy.
/// Immutable, so thread-safe.
/// </summary>
public sealed record SamplingDefaults
{
    /// <summary>A model that recommends nothing: greedy.</summary>
    public static SamplingDefaults None { get; } = new();

    /// <summary>
    /// 0 takes the most likely token. A <c>generation_config.json</c> without <c>"do_sample": true</c> means 0, whatever its
    /// <c>temperature</c>, as in transformers; with it, a missing <c>temperature</c> is 1.
    /// </summary>
    public float Temperature { get; init; }

    /// <summary>Most likely tokens to keep; 0 keeps all. A request that sets only a temperature above 0 takes this too.</summary>
    public int TopK { get; init; }

    /// <summary>Probability to keep, in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Least probability as a fraction of the highest one, in [0, 1]; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Divisor of positive logits of tokens in prompt and answer, in [0.1, 10]; 1 changes nothing. Applies to greedy answers too.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Fields of the file that ask for what Helios does not do, by the names of the file. They have no effect.</summary>
    public ImmutableArray<string> Ignored { get; init; } = [];
}
