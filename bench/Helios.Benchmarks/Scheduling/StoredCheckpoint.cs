using System.Buffers.Binary;
using System.Text.Json;
using Helios.Cli.Benching;
using Helios.Sdk.Models;

namespace Helios.Benchmarks.Scheduling;

/// <summary>Random weights of a shape on disk, in Hugging Face layout without a tokenizer. Disposing deletes them.</summary>
internal sealed class StoredCheckpoint : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    public StoredCheckpoint(ModelShape shape)
    {
        using var random = new RandomCheckpoint(shape);
        var a = random.Info.Architecture;
        Layers = a.Layers;
        File.WriteAllText(
            System.IO.Path.Combine(Path, "config.json"),
            JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["model_type"] = "llama",
                ["num_hidden_layers"] = a.Layers,
                ["hidden_size"] = a.HiddenSize,
                ["num_attention_heads"] = a.Heads,
                ["num_key_value_heads"] = a.KvHeads,
                ["intermediate_size"] = a.FeedForwardSize,
                ["vocab_size"] = a.VocabularySize,
                ["max_position_embeddings"] = 8192,
                ["rms_norm_eps"] = a.NormEpsilon,
                ["rope_theta"] = a.RopeTheta,
                ["tie_word_embeddings"] = false,
            }));
        Write(random, [.. TensorsOf(a)]);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("helios-bench").FullName;

    public int Layers { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static IEnumerable<(TensorKey Key, string Name)> TensorsOf(ModelArchitecture a)
    {
        yield return (new TensorKey(TensorRole.Embedding), "model.embed_tokens.weight");
        yield return (new TensorKey(TensorRole.FinalNorm), "model.norm.weight");
        yield return (new TensorKey(TensorRole.Head), "lm_head.weight");
        for (var layer = 0; layer < a.Layers; layer++)
        {
            foreach (var (role, name) in Names) yield return (new TensorKey(role, layer), $"model.layers.{layer}.{name}.weight");
        }
    }

    private static readonly (TensorRole Role, string Name)[] Names =
    [
        (TensorRole.AttentionNorm, "input_layernorm"),
        (TensorRole.Query, "self_attn.q_proj"),
        (TensorRole.Key, "self_attn.k_proj"),
        (TensorRole.Value, "self_attn.v_proj"),
        (TensorRole.AttentionOutput, "self_attn.o_proj"),
        (TensorRole.FeedForwardNorm, "post_attention_layernorm"),
        (TensorRole.Gate, "mlp.gate_proj"),
        (TensorRole.Up, "mlp.up_proj"),
        (TensorRole.Down, "mlp.down_proj"),
    ];

    private void Write(RandomCheckpoint random, IReadOnlyList<(TensorKey Key, string Name)> tensors)
    {
        var header = new Dictionary<string, object>(StringComparer.Ordinal);
        long end = 0;
        foreach (var (key, name) in tensors)
        {
            random.TryGetTensor(key, out var tensor);
            int[] shape = tensor.Rows == 1 ? [tensor.Columns] : [tensor.Rows, tensor.Columns];
            header.Add(name, new { dtype = "BF16", shape, data_offsets = new[] { end, end + tensor.Bytes } });
            end += tensor.Bytes;
        }

        using var file = File.Create(System.IO.Path.Combine(Path, "model.safetensors"));
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        file.Write(length);
        file.Write(json);
        var chunk = new byte[ChunkBytes];
        foreach (var (key, _) in tensors)
        {
            random.TryGetTensor(key, out var tensor);
            for (long offset = 0; offset < tensor.Bytes; offset += ChunkBytes)
            {
                var part = chunk.AsSpan(0, (int)Math.Min(ChunkBytes, tensor.Bytes - offset));
                random.Read(tensor, offset, part);
                file.Write(part);
            }
        }
    }
}
