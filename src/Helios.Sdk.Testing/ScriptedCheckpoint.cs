using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Helios.Sdk.Testing;

/// <summary>
/// Writes what the engine needs to know of a <see cref="ScriptedModel"/>: a checkpoint in Hugging Face layout, small
/// and all zero, a tokenizer of bytes, and a chat template.
/// </summary>
internal static class ScriptedCheckpoint
{
    private const int Width = 2;

    // A layer weighs much more than the head over the vocabulary, so that an exit check is worth its cost.
    private const int FeedForward = 1024;
    private const int BytesPerElement = 2;

    private const string ChatTemplate = "{% for turn in messages %}{{ turn.role }}: {{ turn.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

    /// <summary>Writes a new folder in the temporary directory and returns its path.</summary>
    public static string Write(ScriptedModel model)
    {
        var folder = Directory.CreateTempSubdirectory("helios-scripted-").FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), Config(model));
        File.WriteAllText(Path.Combine(folder, "helios.json"), Sidecar(model));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer());
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), ChatTemplate);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Weights(model));
        return folder;
    }

    // Names of models differ, so that their fingerprints do.
    private static string Config(ScriptedModel model) => Invariant($$"""
        {
          "_name_or_path": "{{JsonEncodedText.Encode(model.Name)}}",
          "model_type": "llama", "hidden_act": "silu", "tie_word_embeddings": true,
          "num_hidden_layers": {{model.Layers}}, "hidden_size": {{Width}}, "intermediate_size": {{FeedForward}},
          "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": {{Width}},
          "vocab_size": {{ScriptedModel.Vocabulary}}, "eos_token_id": {{ScriptedModel.EndOfSequence}}, "max_position_embeddings": 4096
        }
        """);

    // Signals of scripted exits are probabilities: the calibration is the identity.
    private static string Sidecar(ScriptedModel model)
    {
        var exits = string.Join(", ", model.Exits.Append(model.Layers).Select(depth => Invariant($$"""{ "layers": {{depth}} }""")));
        var curves = string.Join(", ", model.Exits.Select(depth => Invariant($"\"{depth}\": [[0, 0], [1, 1]]")));
        return $$"""{ "version": 1, "exits": [{{exits}}], "calibration": { "signal": "top1", "exits": { {{curves}} } } }""";
    }

    private static string Tokenizer()
    {
        var bytes = string.Join(", ", Enumerable.Range(0, 256).Select(value => Invariant($"\"<0x{value:X2}>\": {value}")));
        return $$"""
            {
              "added_tokens": [{ "id": {{ScriptedModel.EndOfSequence}}, "content": "</s>", "special": true }],
              "normalizer": null, "pre_tokenizer": null, "post_processor": null,
              "decoder": { "type": "Sequence", "decoders": [{ "type": "ByteFallback" }, { "type": "Fuse" }] },
              "model": { "type": "BPE", "byte_fallback": true, "vocab": { {{bytes}} }, "merges": [] }
            }
            """;
    }

    private static byte[] Weights(ScriptedModel model)
    {
        var tensors = new List<(string Name, int[] Shape)> { ("model.embed_tokens.weight", [ScriptedModel.Vocabulary, Width]), ("model.norm.weight", [Width]) };
        for (var layer = 0; layer < model.Layers; layer++)
        {
            var prefix = Invariant($"model.layers.{layer}.");
            tensors.Add((prefix + "input_layernorm.weight", [Width]));
            tensors.Add((prefix + "post_attention_layernorm.weight", [Width]));
            foreach (var matrix in (string[])["q_proj", "k_proj", "v_proj", "o_proj"]) tensors.Add(($"{prefix}self_attn.{matrix}.weight", [Width, Width]));
            foreach (var matrix in (string[])["gate_proj", "up_proj"]) tensors.Add(($"{prefix}mlp.{matrix}.weight", [FeedForward, Width]));
            tensors.Add(($"{prefix}mlp.down_proj.weight", [Width, FeedForward]));
        }

        var (entries, end) = (new List<string>(), 0);
        foreach (var (name, shape) in tensors)
        {
            var begin = end;
            end += BytesPerElement * shape.Aggregate(1, (product, dimension) => product * dimension);
            entries.Add(Invariant($$"""  "{{name}}": { "dtype": "BF16", "shape": [{{string.Join(", ", shape)}}], "data_offsets": [{{begin}}, {{end}}] }"""));
        }

        var header = Encoding.UTF8.GetBytes($"{{ {string.Join(", ", entries)} }}");
        var file = new byte[sizeof(long) + header.Length + end];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, sizeof(long));
        return file;
    }
}
