namespace Helios.Sdk;

/// <summary>
/// How tokens are sampled from the logits. A value that is null is the model's own, from its <c>generation_config.json</c>
/// (<see cref="Models.CheckpointInfo.Sampling"/>), whichever model answers. Checked with the request. Immutable, so thread-safe.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>What the model recommends: every value is null. Greedy if the model recommends nothing.</summary>
    public static SamplingOptions ModelDefaults { get; } = new();

    /// <summary>Always takes the most likely token, whatever the model recommends.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0, TopK = 0, TopP = 1, MinP = 0, RepetitionPenalty = 1 };

    /// <summary>0 takes the most likely token; above 0 samples. Null is the model's default, and 0 without one.</summary>
    public float? Temperature { get; init; }

    /// <summary>Keep this many most likely tokens; 0 keeps all. Null is the model's default, and 0 without one.</summary>
    public int? TopK { get; init; }

    /// <summary>Of those, keep the most likely whose probabilities sum to this, in (0, 1]. Null is the model's default, and 1 without one.</summary>
    public float? TopP { get; init; }

    /// <summary>
    /// Of those, keep the tokens whose probability is at least this fraction of the highest one, in [0, 1]; 0 keeps all. From
    /// "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs" (arXiv 2407.01082), after the temperature.
    /// Null is the model's default, and 0 without one.
    /// </summary>
    public float? MinP { get; init; }

    /// <summary>
    /// Makes every token of prompt and answer less likely, once each: a positive logit is divided by this, a negative one is
    /// multiplied. In [0.1, 10]; 1 changes nothing, below 1 makes them more likely. From "CTRL" (arXiv 1909.05858, section 4.1), which
    /// always divides; that would raise negative logits. Applies at temperature 0 too. Null is the model's default, and 1 without one.
    /// </summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>
    /// Subtracted once from the logit of every token that is in the answer so far; in [-2, 2]. As in the OpenAI API:
    /// logit - count x frequency penalty - (count > 0) x presence penalty.
    /// </summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from the logit of a token for every occurrence in the answer so far; in [-2, 2]. See <see cref="PresencePenalty"/>.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Added to the logits of some tokens: by id of the model's tokenizer, in [-100, 100] or negative infinity, which forbids the
    /// token. Needs <see cref="GenerationRequest.Model"/> if the pool has several tokenizers.
    /// </summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>
    /// Change the logits in any way, one after the other, after penalties and bias. They also apply at temperature 0.
    /// </summary>
    public IReadOnlyList<ILogitsProcessor> LogitsProcessors { get; init; } = [];

    /// <summary>The same seed, prompt and operating point give the same tokens in any batch. Null chooses a random seed.</summary>
    public long? Seed { get; init; }
}
