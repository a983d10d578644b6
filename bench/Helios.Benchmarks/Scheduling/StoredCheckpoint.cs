using System.Buffers.Binary;
using System.Text.Json;
using Helios.Cli.Benching;
using Helios.Sdk.Checkpoints.Families;
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
        var attention = a.Stack[0].Attention;
        Layers = a.Layers;
        File.WriteAllText(
            System.IO.Path.Combine(Path, "config.json"),
            JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["model_type"] = "llama",
                ["num_hidden_layers"] = a.Layers,
                ["hidden_size"] = a.HiddenSize,
                ["num_attention_heads"] = attention.Heads,
                ["num_key_value_heads"] = attention.KvHeads,
                ["intermediate_size"] = a.Stack[0].FeedForward.Size,
                ["vocab_size"] = a.VocabularySize,
                ["max_position_embeddings"] = 8192,
                ["rms_norm_eps"] = a.Stack[0].Norm.Epsilon,
                ["rope_theta"] = attention.Rotary!.Theta,
                ["tie_word_embeddings"] = false,
            }));
        Write(random, [.. TensorsOf(a)]);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("helios-bench").FullName;

    public int Layers { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static IEnumerable<(TensorKey Key, string Name)> TensorsOf(ModelArchitecture a)
    {
        var llama = FamilyTable.Find(a.Family)!;
        var specs = a.FixedTensors().Concat(Enumerable.Range(0, a.Layers).SelectMany(a.LayerTensors));
        return specs.Select(spec => (spec.Key, $"{(spec.Key.Role == TensorRole.Head ? "" : "model.")}{llama.Locate(spec, a).Name}"));
    }

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
