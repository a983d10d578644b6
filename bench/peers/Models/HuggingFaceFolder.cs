using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Helios.Peers.Models;

/// <summary>Writes the model as <c>config.json</c> and one bf16 <c>model.safetensors</c>.</summary>
internal static class HuggingFaceFolder
{
    public static void Write(LlamaShape shape, string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config(shape).ToJsonString());

        var plan = TensorPlan.For(shape);
        using var file = File.Create(Path.Combine(folder, "model.safetensors"), bufferSize: 1 << 20);
        WriteHeader(plan, file);
        var row = new ushort[plan.Max(tensor => tensor.Columns)];
        for (var index = 0; index < plan.Count; index++)
        {
            var values = row.AsSpan(0, plan[index].Columns);
            for (var r = 0; r < plan[index].Rows; r++)
            {
                RandomWeights.Fill(plan[index], index, r, values);
                file.Write(MemoryMarshal.AsBytes(values));
            }
        }
    }

    private static JsonObject Config(LlamaShape shape) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["num_hidden_layers"] = shape.Layers,
        ["hidden_size"] = shape.Hidden,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KvHeads,
        ["intermediate_size"] = shape.FeedForward,
        ["vocab_size"] = shape.Vocabulary,
        ["max_position_embeddings"] = LlamaShape.ContextLength,
        ["rms_norm_eps"] = LlamaShape.NormEpsilon,
        ["rope_theta"] = LlamaShape.RopeTheta,
        ["tie_word_embeddings"] = false,
        ["torch_dtype"] = "bfloat16",
    };

    // Eight bytes of header length, then the header as JSON padded with spaces to a multiple of 8.
    private static void WriteHeader(IReadOnlyList<TensorPlan> plan, Stream file)
    {
        var header = new JsonObject();
        var offset = 0L;
        foreach (var tensor in plan)
        {
            var end = offset + tensor.Elements * sizeof(ushort);
            header[tensor.HuggingFace] = new JsonObject
            {
                ["dtype"] = "BF16",
                ["shape"] = tensor.IsNorm ? new JsonArray(tensor.Columns) : new JsonArray(tensor.Rows, tensor.Columns),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        var json = header.ToJsonString();
        var padded = json.PadRight((json.Length + 7) / 8 * 8);
        using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
        writer.Write((long)padded.Length);
        writer.Write(Encoding.UTF8.GetBytes(padded));
    }
}
