namespace Helios.Sdk;

/// <summary>How tokens are drawn from the logits. Checked with the request. Thread-safe: it does not change.</summary>
public sealed record SamplingOptions
{
    /// <summary>The likeliest token each time.</summary>
    public static SamplingOptions Greedy { get; } = new();

    /// <summary>0 (the default) takes the likeliest token; above 0 samples.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep this many likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Of those, keep the likeliest whose probabilities sum to this, in (0, 1].</summary>
    public float TopP { get; init; } = 1;

    /// <summary>
    /// Of those, keep the tokens whose probability is at least this share of the likeliest one's, in [0, 1]; 0 keeps all. From
    /// "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs" (arXiv 2407.01082), after the temperature.
    /// </summary>
    public float MinP { get; init; }

    /// <summary>
    /// Makes every token of prompt and answer less likely, once each, whatever its origin: a positive logit is divided by this, a
    /// negative one multiplied. In [0.1, 10]; 1 changes nothing, below 1 rewards. From "CTRL" (arXiv 1909.05858, section 4.1),
    /// whose division is turned round for negative logits, which it would make likelier.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Taken off the logit of every token that is in the answer so far, however often; in [-2, 2]. As the OpenAI API has it:
    /// logit - count x frequency penalty - (count > 0) x presence penalty.
    /// </summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken off the logit of a token once for every time that it is in the answer so far; in [-2, 2]. See <see cref="PresencePenalty"/>.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Added to the logits of some tokens: by id of the model's tokenizer, in [-100, 100] or negative infinity, which forbids the
    /// token. Needs <see cref="GenerationRequest.Model"/> when the pool has several tokenizers.
    /// </summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>
    /// Change the logits as they like, one after the other, when all else has. What they decide holds at temperature 0 too.
    /// </summary>
    public IReadOnlyList<ILogitsProcessor> LogitsProcessors { get; init; } = [];

    /// <summary>Same seed, same prompt, same operating point: same tokens, whatever shares the batch. Null draws a seed.</summary>
    public long? Seed { get; init; }
}
