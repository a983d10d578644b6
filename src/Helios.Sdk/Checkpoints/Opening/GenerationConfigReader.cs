using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints.Opening;

/// <summary>
/// Reads how a model asks to be sampled from <c>generation_config.json</c>, with the meaning that transformers gives it. What the sampler does not do is
/// named, not refused: the model answers without it.
/// </summary>
internal static class GenerationConfigReader
{
    public const string FileName = "generation_config.json";

    /// <summary>
    /// Fields that change how transformers chooses tokens, or when it stops, each with a value that changes nothing, beside false, 0 and what is empty. The
    /// last three come from GGUF files.
    /// </summary>
    private static readonly (string Name, double Neutral)[] Unsupported =
    [
        ("num_beams", 1), ("num_beam_groups", 1), ("diversity_penalty", 0), ("length_penalty", 1), ("num_return_sequences", 1), ("penalty_alpha", 0),
        ("dola_layers", 0), ("typical_p", 1), ("epsilon_cutoff", 0), ("eta_cutoff", 0), ("top_h", 0), ("encoder_repetition_penalty", 1),
        ("no_repeat_ngram_size", 0), ("encoder_no_repeat_ngram_size", 0), ("bad_words_ids", 0), ("force_words_ids", 0), ("constraints", 0),
        ("sequence_bias", 0), ("suppress_tokens", 0), ("begin_suppress_tokens", 0), ("forced_bos_token_id", -1), ("forced_eos_token_id", -1),
        ("forced_decoder_ids", 0), ("exponential_decay_length_penalty", 0), ("guidance_scale", 1), ("watermarking_config", 0), ("token_healing", 0),
        ("max_length", 0), ("max_new_tokens", 0), ("min_length", 0), ("min_new_tokens", 0), ("max_time", 0), ("stop_strings", 0),
        ("xtc_probability", 0), ("penalty_last_n", 0), ("mirostat", 0),
    ];

    /// <summary>Reads the defaults.</summary>
    /// <exception cref="CheckpointException">A field that counts is not of the type or range expected.</exception>
    public static SamplingDefaults Read(JsonField root)
    {
        var samples = root.Flag("do_sample", fallback: false);
        var temperature = Float(root, "temperature", 0, float.MaxValue, 1);
        var ignored = Unsupported.Where(field => root.TryGet(field.Name, out var found) && !found.IsNeutral(field.Neutral)).Select(field => field.Name);
        if (!samples && temperature is not (0 or 1)) ignored = ignored.Prepend("temperature");
        return new SamplingDefaults
        {
            Temperature = samples ? temperature : 0,
            TopK = root.Int("top_k", 0, int.MaxValue, fallback: 0),

            // 0 keeps one token there; the sampler has no 0, and this keeps one too.
            TopP = Math.Max(Float(root, "top_p", 0, 1, 1), float.Epsilon),
            MinP = Float(root, "min_p", 0, 1, 0),
            RepetitionPenalty = Float(root, "repetition_penalty", 0.1, 10, 1),
            Ignored = [.. ignored],
        };
    }

    private static float Float(JsonField root, string name, double least, double most, float fallback) =>
        root.TryGet(name, out var field) ? (float)field.AsNumber(least, most) : fallback;
}
