using System.Text.Json;
using System.Text.Json.Nodes;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Checkpoints.Families;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints.Families;

/// <summary>Configs of the families: both forms, what they default to, and what is refused by name.</summary>
public sealed class FamilyTests
{
    private static readonly string Folders = Path.Combine(TestData.Root, "tests", "data", "families");

    public static TheoryData<string> Names() => new(Directory.GetDirectories(Folders).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void The_older_form_of_a_config_says_the_same(string name)
    {
        using var newer = Checkpoint.Open(Path.Combine(Folders, name));
        using var folder = Copy(name);
        File.Copy(Path.Combine(Folders, name, "config.v4.json"), folder["config.json"], overwrite: true);
        using var older = Checkpoint.Open(folder.Path);

        older.Info.Architecture.Should().Be(newer.Info.Architecture);
        older.Info.Parameters.Should().Be(newer.Info.Parameters);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_weight_of_the_file_is_read_once(string name)
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(Folders, name));
        var a = checkpoint.Info.Architecture;
        var specs = a.FixedTensors().Concat(Enumerable.Range(0, a.Layers).SelectMany(a.LayerTensors)).ToList();
        var read = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var spec in specs)
        {
            checkpoint.TryGetTensor(spec.Key, out var tensor).Should().BeTrue($"{spec.Key}");
            (tensor.Rows, tensor.Columns).Should().Be((spec.Rows, spec.Columns));
            if (spec.Key == new TensorKey(TensorRole.Head) && a.Head.IsTied) continue;
            read[tensor.Name] = read.GetValueOrDefault(tensor.Name) + tensor.Bytes;
        }

        using var file = SafetensorsFile.Open(Path.Combine(Folders, name, "model.safetensors"));
        read.Should().BeEquivalentTo(file.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.End - entry.Value.Begin, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("gpt2", TensorRole.Key)]
    [InlineData("gpt-neox", TensorRole.Value)]
    [InlineData("phi3", TensorRole.Up)]
    public void A_part_of_a_fused_tensor_reads_the_same_whole_and_in_pieces(string name, TensorRole role)
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(Folders, name));
        checkpoint.TryGetTensor(new TensorKey(role, 1), out var tensor);
        var whole = new byte[tensor.Bytes];
        checkpoint.Read(tensor, 0, whole);
        whole.Chunk(4).Select(bytes => BitConverter.ToSingle(bytes)).Distinct().Count().Should().BeGreaterThan((int)tensor.Elements * 9 / 10);
        for (var (offset, step) = (0, 0); offset < whole.Length; step++)
        {
            var piece = new byte[Math.Min(4 * new[] { 1, 7, tensor.Columns, 3 * tensor.Columns + 1 }[step % 4], whole.Length - offset)];
            checkpoint.Read(tensor, offset, piece);
            piece.Should().Equal(whole.AsSpan(offset, piece.Length).ToArray());
            offset += piece.Length;
        }
    }

    [Theory]
    [InlineData("mamba", "MambaForCausalLM")]
    [InlineData("bert", "BertForMaskedLM")]
    [InlineData("t5", "T5ForConditionalGeneration")]
    [InlineData("deepseek_v3", "DeepseekV3ForCausalLM")]
    [InlineData("gpt_oss", "GptOssForCausalLM")]
    [InlineData("qwen3_next", "Qwen3NextForCausalLM")]
    public void An_architecture_that_is_not_supported_is_refused_by_its_name_from_the_config_alone(string type, string architecture)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["config.json"], JsonSerializer.Serialize(new { model_type = type, architectures = new[] { architecture } }));
        Opening.MustBeRefused(folder, "config.json", "model_type", type, architecture, "not supported", "gpt2, ");
    }

    [Theory]
    [InlineData("fp8", "fp8")]
    [InlineData("awq", "awq")]
    [InlineData("gptq", "gptq")]
    [InlineData("bitsandbytes", "bitsandbytes")]
    public void A_quantised_checkpoint_is_refused_by_its_method(string method, string named)
    {
        var writer = new CheckpointWriter();
        writer.Config["quantization_config"] = new JsonObject { ["quant_method"] = method, ["bits"] = 4 };
        Opening.MustBeRefused(writer, "config.json", "quantization_config", named, "F32, F16 or BF16");
    }

    [Fact]
    public void An_MLX_checkpoint_is_refused_as_one()
    {
        var writer = new CheckpointWriter();
        writer.Config["quantization"] = new JsonObject { ["group_size"] = 64, ["bits"] = 4 };
        Opening.MustBeRefused(writer, "MLX");
    }

    [Theory]
    [InlineData("adapter_config.json", """{"base_model_name_or_path":"org/base"}""", "a LoRA adapter for 'org/base'", "merge")]
    [InlineData("model.onnx", "x", "'model.onnx', an ONNX model")]
    [InlineData("onnx/model.onnx", "x", "'model.onnx', an ONNX model")]
    [InlineData("model.gguf", "x", "'model.gguf', a GGUF file", "the file itself")]
    [InlineData("pytorch_model.bin", "x", "'pytorch_model.bin', a PyTorch pickle", "safetensors")]
    public void A_folder_of_another_kind_is_named(string file, string content, params string[] words)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(Path.GetDirectoryName(folder[file])!);
        File.WriteAllText(folder[file], content);
        Opening.MustBeRefused(folder, words);
    }

    [Fact]
    public void A_text_model_within_a_larger_one_is_served_and_that_is_remarked()
    {
        using var folder = Copy("gemma3-text");
        var inner = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        File.WriteAllText(folder["config.json"], new JsonObject
        {
            ["model_type"] = "gemma3",
            ["architectures"] = new JsonArray("Gemma3ForConditionalGeneration"),
            ["text_config"] = inner,
            ["vision_config"] = new JsonObject(),
        }.ToJsonString());
        using var checkpoint = Checkpoint.Open(folder.Path);
        using var plain = Checkpoint.Open(Path.Combine(Folders, "gemma3-text"));

        checkpoint.Info.Architecture.Should().Be(plain.Info.Architecture);
        checkpoint.Info.Remark.Should().Contain("gemma3").And.Contain("text alone");
        plain.Info.Remark.Should().BeNull();
    }

    [Theory]
    [InlineData("model.", "")]
    [InlineData("model.", "language_model.model.")]
    public void Names_may_have_other_prefixes(string from, string to)
    {
        var writer = new CheckpointWriter(CheckpointWriter.Tiny with { TiedHead = true });
        var renamed = writer.Tensors.Select(tensor => tensor with { Name = to + tensor.Name[from.Length..] }).ToList();
        writer.Tensors.Clear();
        writer.Tensors.AddRange(renamed);
        Opening.Info(writer).Parameters.Should().Be(6896 - 32 * 16);
    }

    [Fact]
    public void A_bias_that_the_config_does_not_name_is_refused()
    {
        var writer = new CheckpointWriter();
        writer.Tensors.Add(writer.Random("model.layers.1.self_attn.k_proj.bias", 8));
        Opening.MustBeRefused(writer, "model.layers.1.self_attn.k_proj.bias", "expected none");
    }

    [Fact]
    public void Layers_are_those_of_the_families_rules()
    {
        Windows("gemma3-text").Should().Equal(8, 8, null, 8, 8, null);
        Windows("mistral-window").Should().AllBeEquivalentTo(8);
        Windows("qwen2").Should().OnlyContain(window => window == null);
        Layers("smollm3").Select(layer => layer.Attention.Rotary is null).Should().Equal(false, false, false, true, false, false);
        Layers("olmo2")[0].NormPosition.Should().Be(NormPosition.After);
        Layers("gpt-neox")[0].Attention.Rotary!.Dimensions.Should().Be(4);
        Layers("qwen3").Distinct(ReferenceEqualityComparer.Instance).Should().ContainSingle("layers of a kind share one object");
        FamilyTable.Names.Should().Contain("qwen3_moe").And.BeInAscendingOrder(StringComparer.Ordinal);
    }

    private static IEnumerable<int?> Windows(string name) => Layers(name).Select(layer => layer.Attention.Window);

    private static LayerSequence Layers(string name)
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(Folders, name));
        return checkpoint.Info.Architecture.Stack;
    }

    private static TempFolder Copy(string name)
    {
        var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(Path.Combine(Folders, name))) File.Copy(file, folder[Path.GetFileName(file)]);
        return folder;
    }
}
