using System.Buffers;
using System.Text.Json;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The metadata of a GGUF file as the <c>config.json</c> that Hugging Face has of the same architecture. What it needs is asked for by the names of the
/// file, so that errors speak of them.
/// </summary>
internal sealed class GgufConfig
{
    /// <summary>By the name of the architecture: <c>model_type</c> and the class in <c>architectures</c>.</summary>
    private static readonly Dictionary<string, (string ModelType, string Class)> Families = new(StringComparer.Ordinal)
    {
        ["llama"] = ("llama", "LlamaForCausalLM"),
        ["qwen2"] = ("qwen2", "Qwen2ForCausalLM"),
        ["qwen3"] = ("qwen3", "Qwen3ForCausalLM"),
        ["granite"] = ("granite", "GraniteForCausalLM"),
        ["olmo2"] = ("olmo2", "Olmo2ForCausalLM"),
        ["phi3"] = ("phi3", "Phi3ForCausalLM"),
        ["starcoder2"] = ("starcoder2", "Starcoder2ForCausalLM"),
        ["smollm3"] = ("smollm3", "SmolLM3ForCausalLM"),
        ["gemma2"] = ("gemma2", "Gemma2ForCausalLM"),
        ["gemma3"] = ("gemma3_text", "Gemma3ForCausalLM"),
    };

    private static readonly string[] Ends = ["eos", "eot", "eom"];
    private static readonly string[] SoftCaps = ["attn_logit_softcapping", "final_logit_softcapping"];

    private readonly GgufMetadata metadata;
    private readonly HashSet<string> tensors;
    private readonly GgufRotaryFactors rotaryFactors;
    private readonly int headDim;

    /// <param name="metadata">The metadata.</param>
    /// <param name="tensors">Names of tensors in the file, in all its parts.</param>
    /// <param name="rotaryFactors">What rotary frequencies are divided by.</param>
    /// <exception cref="CheckpointException">The architecture is not supported, or a key is missing or out of range.</exception>
    public GgufConfig(GgufMetadata metadata, HashSet<string> tensors, GgufRotaryFactors rotaryFactors)
    {
        this.metadata = metadata;
        this.tensors = tensors;
        this.rotaryFactors = rotaryFactors;
        if (metadata.Text("general.type") is { } type && type != "model") throw CheckpointError.Field(metadata.Path, "general.type", $"\"{type}\"", "\"model\"");
        Architecture = metadata.RequiredText("general.architecture", Supported);
        if (!Families.ContainsKey(Architecture)) throw CheckpointError.Field(metadata.Path, "general.architecture", $"\"{Architecture}\"", Supported);
        if (metadata.Whole(Key("expert_count"), 0, int.MaxValue) > 0) throw CheckpointError.Field(metadata.Path, Key("expert_count"), "above 0", "0: a mixture of experts is not supported");
        headDim = ReadHeadDim();
    }

    /// <summary>The architecture, as the file names it.</summary>
    public string Architecture { get; }

    /// <summary>The order that rows of its projections come in.</summary>
    public GgufRowOrder RowOrder => GgufRowOrder.Of(Architecture, headDim);

    private static string Supported => $"one of {string.Join(", ", Families.Keys)}";

    /// <summary>Whether norms hold 1 + w, where Hugging Face's files hold w.</summary>
    public bool AddsOneToNorms => Architecture is "gemma2" or "gemma3";

    /// <summary>UTF-8 of the config.</summary>
    public byte[] ToJson()
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
        {
            var (modelType, name) = Families[Architecture];
            json.WriteStartObject();
            json.WriteString("model_type", modelType);
            json.WriteStartArray("architectures");
            json.WriteStringValue(name);
            json.WriteEndArray();
            WriteShape(json);
            WriteRotary(json);
            WriteBiases(json);
            WriteWindows(json);
            WriteScales(json);
            json.WriteBoolean("tie_word_embeddings", !tensors.Contains("output.weight"));
            WriteEnds(json);
            json.WriteEndObject();
        }

        return utf8.WrittenSpan.ToArray();
    }

    private void WriteShape(Utf8JsonWriter json)
    {
        var heads = metadata.Size(Key("attention.head_count"));
        var kvHeads = metadata.Has(Key("attention.head_count_kv")) ? metadata.Size(Key("attention.head_count_kv")) : heads;
        if (heads % kvHeads != 0) throw CheckpointError.Field(metadata.Path, Key("attention.head_count_kv"), Invariant($"{kvHeads}"), Invariant($"a divisor of {Key("attention.head_count")}, which is {heads}"));
        json.WriteNumber("num_hidden_layers", metadata.Size(Key("block_count")));
        json.WriteNumber("hidden_size", metadata.Size(Key("embedding_length")));
        json.WriteNumber("intermediate_size", metadata.Size(Key("feed_forward_length")));
        json.WriteNumber("num_attention_heads", heads);
        json.WriteNumber("num_key_value_heads", kvHeads);
        json.WriteNumber("head_dim", headDim);
        json.WriteNumber("max_position_embeddings", metadata.Size(Key("context_length")));
        json.WriteNumber("vocab_size", VocabularySize());
        if (metadata.Number(Key("attention.layer_norm_rms_epsilon")) is { } rms) json.WriteNumber("rms_norm_eps", rms);
        else if (metadata.Number(Key("attention.layer_norm_epsilon")) is { } layer) json.WriteNumber("norm_epsilon", layer);
        else throw metadata.Missing(Key("attention.layer_norm_rms_epsilon"), "a number above 0");
    }

    /// <summary>As many as there are tokens; the key that says it too is absent in older files.</summary>
    private long VocabularySize() =>
        metadata.CountOf("tokenizer.ggml.tokens") is > 0 and <= int.MaxValue and var tokens ? tokens : throw CheckpointError.Field(metadata.Path, "tokenizer.ggml.tokens", "missing or empty", "the tokens of the model");

    private int ReadHeadDim()
    {
        var (hidden, heads) = (metadata.Size(Key("embedding_length")), metadata.Size(Key("attention.head_count")));
        var width = metadata.Has(Key("attention.key_length")) ? metadata.Size(Key("attention.key_length")) : hidden / heads;
        if (!metadata.Has(Key("attention.key_length")) && hidden % heads != 0)
            throw CheckpointError.Field(metadata.Path, Key("attention.head_count"), Invariant($"{heads}"), Invariant($"a divisor of {Key("embedding_length")}, which is {hidden}"));
        if (metadata.Has(Key("attention.value_length")) && metadata.Size(Key("attention.value_length")) is var value && value != width)
            throw CheckpointError.Field(metadata.Path, Key("attention.value_length"), Invariant($"{value}"), Invariant($"{width}, the width of keys"));
        if (width % 2 != 0) throw CheckpointError.Field(metadata.Path, Key("attention.key_length"), Invariant($"{width}"), "an even number: rotary positions turn pairs");
        if (metadata.Whole(Key("rope.dimension_count"), 0, int.MaxValue) is { } turned && turned != width)
            throw CheckpointError.Field(metadata.Path, Key("rope.dimension_count"), Invariant($"{turned}"), Invariant($"{width}, the width of a head"));
        return width;
    }

    private void WriteRotary(Utf8JsonWriter json)
    {
        var theta = metadata.Number(Key("rope.freq_base")) ?? 10_000;
        if (theta <= 0) throw CheckpointError.Field(metadata.Path, Key("rope.freq_base"), Invariant($"{theta}"), "a number above 0");
        json.WriteNumber("rope_theta", theta);
        if (GgufRotary.Scaling(metadata, Architecture, theta, headDim, rotaryFactors) is not { } scaling) return;
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Type);
        foreach (var (name, value) in scaling.Values) json.WriteNumber(name, value);
        foreach (var (name, values) in scaling.Lists)
        {
            json.WriteStartArray(name);
            foreach (var value in values) json.WriteNumberValue(value);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Biases that the file has; the families that always have them do not ask.</summary>
    private void WriteBiases(Utf8JsonWriter json)
    {
        if (Architecture is not ("llama" or "granite" or "smollm3")) return;
        json.WriteBoolean("attention_bias", tensors.Contains("blk.0.attn_q.bias"));
        json.WriteBoolean("mlp_bias", tensors.Contains("blk.0.ffn_up.bias"));
    }

    /// <summary>Windows and soft-caps; the scale of Gemma's attention, which files do not say, is that of a head but in the largest models.</summary>
    private void WriteWindows(Utf8JsonWriter json)
    {
        if (Architecture is not ("phi3" or "starcoder2" or "gemma2" or "gemma3")) return;
        if (metadata.Whole(Key("attention.sliding_window"), 0, int.MaxValue) is > 0 and var window) json.WriteNumber("sliding_window", window);
        if (Architecture is "phi3" or "starcoder2") return;
        if (metadata.Whole(Key("attention.sliding_window_pattern"), 1, int.MaxValue) is { } pattern) json.WriteNumber("sliding_window_pattern", pattern);
        foreach (var name in SoftCaps)
        {
            if (metadata.Number(Key(name)) is { } cap) json.WriteNumber(name, cap);
        }

        var isLargest = (Architecture, metadata.Size(Key("block_count"))) is ("gemma2", 46) or ("gemma3", 62);
        json.WriteNumber("query_pre_attn_scalar", isLargest ? metadata.Size(Key("embedding_length")) / metadata.Size(Key("attention.head_count")) : headDim);
    }

    /// <summary>Granite has them; in other files they are absent.</summary>
    private void WriteScales(Utf8JsonWriter json)
    {
        foreach (var (key, name) in new[] { ("embedding_scale", "embedding_multiplier"), ("residual_scale", "residual_multiplier"), ("attention.scale", "attention_multiplier"), ("logit_scale", "logits_scaling") })
        {
            if (metadata.Number(Key(key)) is { } value) json.WriteNumber(name, value);
        }
    }

    /// <summary>Ids that end an answer: of the text, of a turn, and of a message.</summary>
    private void WriteEnds(Utf8JsonWriter json)
    {
        var ends = Ends.Select(name => metadata.Whole($"tokenizer.ggml.{name}_token_id", 0, uint.MaxValue))
            .OfType<long>().Where(id => id < VocabularySize()).Distinct().ToList();
        json.WriteStartArray("eos_token_id");
        foreach (var id in ends) json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    private string Key(string name) => $"{Architecture}.{name}";
}
