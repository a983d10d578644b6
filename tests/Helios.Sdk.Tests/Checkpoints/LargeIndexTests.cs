using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>A checkpoint of 70 billion parameters in 29 shards, whose files have headers and holes.</summary>
public class LargeIndexTests
{
    private const int Layers = 80;
    private const int Shards = 29;
    private const long Hidden = 8192;
    private const long Vocabulary = 128_256;

    [Fact]
    public void A_checkpoint_of_70B_is_opened_by_its_headers()
    {
        using var folder = new TempFolder();
        Write(folder);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var checkpoint = Checkpoint.Open(folder.Path);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(50 << 20);
        checkpoint.Info.Architecture.Layers.Should().Be(Layers);
        checkpoint.Info.Parameters.Should().Be(70_553_706_496);
        if (OperatingSystem.IsLinux())
            Directory.GetFiles("/proc/self/fd").Count(link => new FileInfo(link).LinkTarget?.StartsWith(folder.Path, StringComparison.Ordinal) == true).Should().Be(Shards, "a shard is opened once");
    }

    private static void Write(TempFolder folder)
    {
        File.WriteAllText(folder["config.json"], $$"""
            {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":{{Hidden}},"intermediate_size":28672,"num_hidden_layers":{{Layers}},"num_attention_heads":64,
             "num_key_value_heads":8,"vocab_size":{{Vocabulary}},"max_position_embeddings":8192,"rms_norm_eps":1e-5,"tie_word_embeddings":false,"torch_dtype":"bfloat16"}
            """);
        var tensors = Tensors().ToList();
        var map = new JsonObject();
        foreach (var (shard, part) in tensors.Chunk((tensors.Count + Shards - 1) / Shards).Index())
        {
            var name = FormattableString.Invariant($"model-{shard + 1:00000}-of-{Shards:00000}.safetensors");
            WriteShard(folder[name], part);
            foreach (var (tensor, _) in part) map[tensor] = name;
        }

        File.WriteAllText(folder["model.safetensors.index.json"], new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    private static void WriteShard(string path, (string Name, long[] Shape)[] tensors)
    {
        var header = new JsonObject();
        var end = 0L;
        foreach (var (name, shape) in tensors)
        {
            var begin = end;
            end += 2 * shape.Aggregate(1L, (product, size) => product * size);
            header[name] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]), ["data_offsets"] = new JsonArray(begin, end) };
        }

        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        using var file = File.Create(path);
        file.Write(length);
        file.Write(json);
        file.SetLength(8 + json.Length + end);
    }

    private static IEnumerable<(string Name, long[] Shape)> Tensors()
    {
        yield return ("model.embed_tokens.weight", [Vocabulary, Hidden]);
        for (var layer = 0; layer < Layers; layer++)
        {
            var at = FormattableString.Invariant($"model.layers.{layer}.");
            foreach (var norm in (string[])["input_layernorm", "post_attention_layernorm"]) yield return ($"{at}{norm}.weight", [Hidden]);
            foreach (var full in (string[])["q_proj", "o_proj"]) yield return ($"{at}self_attn.{full}.weight", [Hidden, Hidden]);
            foreach (var shared in (string[])["k_proj", "v_proj"]) yield return ($"{at}self_attn.{shared}.weight", [1024, Hidden]);
            foreach (var wide in (string[])["gate_proj", "up_proj"]) yield return ($"{at}mlp.{wide}.weight", [28_672, Hidden]);
            yield return ($"{at}mlp.down_proj.weight", [Hidden, 28_672]);
        }

        yield return ("model.norm.weight", [Hidden]);
        yield return ("lm_head.weight", [Vocabulary, Hidden]);
    }
}
