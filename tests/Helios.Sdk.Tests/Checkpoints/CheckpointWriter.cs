using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>
/// Writes a random Llama checkpoint: any architecture, element type and number of shards, the same for the same seed.
/// <see cref="Config"/>, <see cref="Tensors"/> and <see cref="Sidecar"/> may be changed before <see cref="Write"/>.
/// </summary>
public sealed class CheckpointWriter
{
    private readonly Random _random;

    public CheckpointWriter(LlamaShape? shape = null, TensorType type = TensorType.F32, int seed = 1)
    {
        Shape = shape ?? Tiny;
        Type = type;
        _random = new Random(seed);
        Config = CreateConfig(Shape);
        AddTensors();
    }

    /// <summary>3 layers, 2 query heads on 1 key/value head, 16 wide, 32 tokens: 6,896 weights with an untied head.</summary>
    public static LlamaShape Tiny { get; } = new()
    {
        Layers = 3,
        HiddenSize = 16,
        Heads = 2,
        KvHeads = 1,
        HeadDim = 8,
        FeedForwardSize = 24,
        VocabularySize = 32,
        ContextLength = 64,
        NormEpsilon = 1e-5f,
        RopeTheta = 10000,
        TiedHead = false,
    };

    public LlamaShape Shape { get; }

    public ModelArchitecture Architecture => Shape.ToArchitecture();

    public TensorType Type { get; }

    /// <summary>Files to spread the tensors over; above 1 there is an index.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Becomes <c>config.json</c>.</summary>
    public JsonObject Config { get; }

    /// <summary>Becomes <c>generation_config.json</c>, if not null.</summary>
    public string? GenerationConfig { get; set; }

    /// <summary>Becomes <c>helios.json</c>, if not null.</summary>
    public string? Sidecar { get; set; }

    /// <summary>The weights, in the order in which they are written.</summary>
    public List<RawTensor> Tensors { get; } = [];

    /// <summary>A random tensor of the writer's element type: weights of a matrix around 0, those of a norm around 1.</summary>
    public RawTensor Random(string name, params long[] shape)
    {
        var count = shape.Aggregate(1L, (product, dimension) => product * dimension);
        var values = new float[count];
        var spread = shape.Length == 1 ? 0.1 : 1 / Math.Sqrt(shape[^1]);
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((_random.NextDouble() * 2 - 1) * spread + (shape.Length == 1 ? 1 : 0));
        return new RawTensor(name, Type.ToString(), shape, Encode(values, Type));
    }

    /// <summary>Little-endian bytes of <paramref name="values"/>; BF16 rounds to nearest even.</summary>
    public static byte[] Encode(ReadOnlySpan<float> values, TensorType type)
    {
        var size = type == TensorType.F32 ? 4 : 2;
        var bytes = new byte[values.Length * size];
        for (var i = 0; i < values.Length; i++)
        {
            var place = bytes.AsSpan(i * size);
            if (type == TensorType.F32) BinaryPrimitives.WriteSingleLittleEndian(place, values[i]);
            else if (type == TensorType.F16) BinaryPrimitives.WriteHalfLittleEndian(place, (Half)values[i]);
            else BinaryPrimitives.WriteUInt16LittleEndian(place, RoundToBFloat16(values[i]));
        }

        return bytes;
    }

    /// <summary>Puts another tensor in the place of the one called <paramref name="name"/>.</summary>
    public void Replace(string name, Func<RawTensor, RawTensor> change)
    {
        var index = Tensors.FindIndex(tensor => tensor.Name == name);
        Tensors[index] = change(Tensors[index]);
    }

    /// <summary>Writes everything to a new temporary folder, which the caller disposes.</summary>
    public TempFolder Write()
    {
        var folder = new TempFolder();
        File.WriteAllText(folder["config.json"], Config.ToJsonString());
        if (GenerationConfig is not null) File.WriteAllText(folder["generation_config.json"], GenerationConfig);
        if (Sidecar is not null) File.WriteAllText(folder["helios.json"], Sidecar);
        if (Shards == 1) File.WriteAllBytes(folder["model.safetensors"], SafetensorsBytes.Of(Tensors));
        else WriteShards(folder);
        return folder;
    }

    private void WriteShards(TempFolder folder)
    {
        var map = new JsonObject();
        for (var shard = 0; shard < Shards; shard++)
        {
            var name = $"model-{shard + 1:D5}-of-{Shards:D5}.safetensors";
            var part = Tensors.Where((_, i) => i * Shards / Tensors.Count == shard).ToArray();
            foreach (var tensor in part) map[tensor.Name] = name;
            File.WriteAllBytes(folder[name], SafetensorsBytes.Of(part));
        }

        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = Tensors.Sum(t => t.Bytes.LongLength) }, ["weight_map"] = map };
        File.WriteAllText(folder["model.safetensors.index.json"], index.ToJsonString());
    }

    private void AddTensors()
    {
        var a = Shape;
        Tensors.Add(Random("model.embed_tokens.weight", a.VocabularySize, a.HiddenSize));
        for (var layer = 0; layer < a.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            Tensors.Add(Random(prefix + "input_layernorm.weight", a.HiddenSize));
            Tensors.Add(Random(prefix + "self_attn.q_proj.weight", a.Heads * a.HeadDim, a.HiddenSize));
            Tensors.Add(Random(prefix + "self_attn.k_proj.weight", a.KvHeads * a.HeadDim, a.HiddenSize));
            Tensors.Add(Random(prefix + "self_attn.v_proj.weight", a.KvHeads * a.HeadDim, a.HiddenSize));
            Tensors.Add(Random(prefix + "self_attn.o_proj.weight", a.HiddenSize, a.Heads * a.HeadDim));
            Tensors.Add(Random(prefix + "post_attention_layernorm.weight", a.HiddenSize));
            Tensors.Add(Random(prefix + "mlp.gate_proj.weight", a.FeedForwardSize, a.HiddenSize));
            Tensors.Add(Random(prefix + "mlp.up_proj.weight", a.FeedForwardSize, a.HiddenSize));
            Tensors.Add(Random(prefix + "mlp.down_proj.weight", a.HiddenSize, a.FeedForwardSize));
        }

        Tensors.Add(Random("model.norm.weight", a.HiddenSize));
        if (!a.TiedHead) Tensors.Add(Random("lm_head.weight", a.VocabularySize, a.HiddenSize));
    }

    private static JsonObject CreateConfig(LlamaShape a) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = a.VocabularySize,
        ["hidden_size"] = a.HiddenSize,
        ["intermediate_size"] = a.FeedForwardSize,
        ["num_hidden_layers"] = a.Layers,
        ["num_attention_heads"] = a.Heads,
        ["num_key_value_heads"] = a.KvHeads,
        ["head_dim"] = a.HeadDim,
        ["hidden_act"] = "silu",
        ["max_position_embeddings"] = a.ContextLength,
        ["rms_norm_eps"] = a.NormEpsilon,
        ["rope_theta"] = a.RopeTheta,
        ["rope_scaling"] = CreateScaling(a.RopeScaling),
        ["tie_word_embeddings"] = a.TiedHead,
        ["eos_token_id"] = 2,
    };

    private static JsonObject? CreateScaling(RopeScaling scaling) => scaling switch
    {
        LinearRopeScaling linear => new JsonObject { ["rope_type"] = "linear", ["factor"] = linear.Factor },
        Llama3RopeScaling llama => new JsonObject
        {
            ["rope_type"] = "llama3",
            ["factor"] = llama.Factor,
            ["low_freq_factor"] = llama.LowFrequencyFactor,
            ["high_freq_factor"] = llama.HighFrequencyFactor,
            ["original_max_position_embeddings"] = llama.OriginalContextLength,
        },
        _ => null,
    };

    private static ushort RoundToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
