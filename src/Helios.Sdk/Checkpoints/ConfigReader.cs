using System.Collections.Immutable;
using Helios.Sdk.Models;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Reads <c>config.json</c> of the Llama family. Absent fields take the defaults of transformers' <c>LlamaConfig</c>, except
/// those that set tensor shapes: they are required. What would be computed wrongly is refused.
/// </summary>
internal static class ConfigReader
{
    /// <summary>Above 2^24 a position is no longer exact in single precision.</summary>
    public const int LongestContext = 1 << 24;

    public static ModelArchitecture Read(JsonField config)
    {
        RequireKnownComputation(config);
        var hidden = Size(config, "hidden_size");
        var heads = Size(config, "num_attention_heads");
        var kvHeads = Size(config, "num_key_value_heads", heads);
        if (heads % kvHeads != 0)
            throw CheckpointError.Field(config.File, "num_key_value_heads", Invariant($"{kvHeads}"), Invariant($"a divisor of num_attention_heads, which is {heads}"));
        var (theta, scaling) = RopeReader.Read(config);
        return new ModelArchitecture
        {
            Family = "llama",
            Layers = Size(config, "num_hidden_layers"),
            HiddenSize = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = ReadHeadDim(config, hidden, heads),
            FeedForwardSize = Size(config, "intermediate_size"),
            VocabularySize = Size(config, "vocab_size"),
            ContextLength = config.Int("max_position_embeddings", 1, LongestContext, 2048),
            NormEpsilon = ReadEpsilon(config),
            RopeTheta = theta,
            RopeScaling = scaling,
            TiedHead = config.Flag("tie_word_embeddings", fallback: false),
        };
    }

    /// <summary>Reads <c>eos_token_id</c>: an id, a list of them, or null for none.</summary>
    public static ImmutableArray<int> ReadEndOfSequence(JsonField config, int vocabulary)
    {
        if (!config.TryGet("eos_token_id", out var field)) return [];
        if (!field.IsArray) return [field.AsInt(0, vocabulary - 1)];
        return [.. field.Items("a list of ids").Select(id => id.AsInt(0, vocabulary - 1)).Distinct()];
    }

    private static void RequireKnownComputation(JsonField config)
    {
        RequireText(config, "model_type", "llama", required: true);
        RequireText(config, "hidden_act", "silu", required: false);
        foreach (var flag in new[] { "attention_bias", "mlp_bias", "rope_interleaved" })
        {
            if (config.TryGet(flag, out var field) && field.AsFlag()) throw field.Bad("false: nothing else is supported");
        }

        if (config.TryGet("quantization_config", out var quantization))
            throw quantization.Bad("no quantization: F32, F16 and BF16 weights are supported");
        if (config.TryGet("architectures", out var architectures)) RequireLanguageModel(architectures);
    }

    /// <summary>A classifier of the same model type has other heads, which a tied embedding would quietly stand in for.</summary>
    private static void RequireLanguageModel(JsonField architectures)
    {
        const string Expected = "a list with an architecture that ends in ForCausalLM";
        if (architectures.ArrayLength(Expected) == 0) return;
        if (!architectures.Items(Expected).Any(name => name.AsText().EndsWith("ForCausalLM", StringComparison.Ordinal)))
            throw architectures.Bad(Expected);
    }

    private static void RequireText(JsonField config, string name, string only, bool required)
    {
        if (!required && !config.TryGet(name, out _)) return;
        var field = config.Required(name, only);
        if (field.AsText() != only) throw field.Bad($"\"{only}\"");
    }

    private static int Size(JsonField config, string name, int? fallback = null) => config.Int(name, 1, int.MaxValue, fallback);

    private static int ReadHeadDim(JsonField config, int hidden, int heads)
    {
        var given = config.TryGet("head_dim", out _);
        if (!given && hidden % heads != 0)
            throw CheckpointError.Field(config.File, "hidden_size", Invariant($"{hidden}"), Invariant($"a multiple of num_attention_heads, which is {heads}, or a head_dim"));
        var headDim = given ? Size(config, "head_dim") : hidden / heads;
        if (headDim % 2 != 0)
            throw CheckpointError.Field(config.File, "head_dim", Invariant($"{headDim}"), "an even number: rotary positions turn pairs");
        if ((long)heads * headDim > int.MaxValue)
            throw CheckpointError.Field(config.File, "head_dim", Invariant($"{headDim}"), Invariant($"at most 2^31 - 1 elements in {heads} heads"));
        return headDim;
    }

    private static float ReadEpsilon(JsonField config)
    {
        var epsilon = (float)config.Number("rms_norm_eps", 1e-6);
        return epsilon is > 0 and < 1
            ? epsilon
            : throw CheckpointError.Field(config.File, "rms_norm_eps", Invariant($"{epsilon}"), "a number above 0 and below 1");
    }
}
