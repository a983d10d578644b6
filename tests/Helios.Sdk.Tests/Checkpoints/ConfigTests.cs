using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class ConfigTests
{
    [Fact]
    public void Every_field_arrives() =>
        Opening.Info(new CheckpointWriter()).Architecture.Should().Be(CheckpointWriter.Tiny.ToArchitecture());

    [Fact]
    public void Absent_fields_take_the_defaults_of_transformers()
    {
        var writer = new CheckpointWriter(CheckpointWriter.Tiny with { KvHeads = 2 });
        foreach (var field in new[] { "num_key_value_heads", "head_dim", "hidden_act", "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "tie_word_embeddings", "eos_token_id", "architectures" })
            writer.Config.Remove(field);

        var info = Opening.Info(writer);

        info.Architecture.Should().Be((CheckpointWriter.Tiny with { KvHeads = 2, ContextLength = 2048, NormEpsilon = 1e-6f }).ToArchitecture());
        info.EndOfSequenceIds.Should().BeEmpty();
    }

    [Fact]
    public void A_null_counts_as_absent()
    {
        var writer = new CheckpointWriter(CheckpointWriter.Tiny with { KvHeads = 2 });
        foreach (var field in new[] { "num_key_value_heads", "head_dim", "rope_scaling", "quantization_config", "rope_parameters" })
            writer.Config[field] = null;

        Opening.Info(writer).Architecture.Stack[0].Attention.KvHeads.Should().Be(2);
    }

    [Fact]
    public void Heads_need_not_fill_the_hidden_width()
    {
        var architecture = CheckpointWriter.Tiny with { HeadDim = 4 };

        Opening.Info(new CheckpointWriter(architecture)).Architecture.Stack[0].Attention.QuerySize.Should().Be(8);
    }

    [Theory]
    [InlineData("model_type", "\"mamba\"")]
    [InlineData("model_type", "null")]
    [InlineData("model_type", "7")]
    [InlineData("hidden_act", "\"quick_gelu\"")]
    [InlineData("attention_bias", "\"no\"")]
    [InlineData("mlp_bias", "1")]
    [InlineData("rope_interleaved", "true")]
    [InlineData("partial_rotary_factor", "1.5")]
    [InlineData("quantization_config", """{"quant_method":"gptq"}""")]
    [InlineData("architectures", """["LlamaForSequenceClassification"]""")]
    [InlineData("architectures", "\"LlamaForCausalLM\"")]
    [InlineData("tie_word_embeddings", "\"false\"")]
    [InlineData("tie_word_embeddings", "0")]
    [InlineData("num_hidden_layers", "-1")]
    [InlineData("num_hidden_layers", "0")]
    [InlineData("num_hidden_layers", "2147483647")]
    [InlineData("num_hidden_layers", "3.0")]
    [InlineData("num_hidden_layers", "\"3\"")]
    [InlineData("num_hidden_layers", "99999999999999999999")]
    [InlineData("hidden_size", "null")]
    [InlineData("hidden_size", "[16]")]
    [InlineData("num_key_value_heads", "0")]
    [InlineData("num_key_value_heads", "4")]
    [InlineData("head_dim", "7")]
    [InlineData("head_dim", "0")]
    [InlineData("head_dim", "2147483646")]
    [InlineData("intermediate_size", "4294967296")]
    [InlineData("vocab_size", "1e400")]
    [InlineData("max_position_embeddings", "0")]
    [InlineData("max_position_embeddings", "2147483647")]
    [InlineData("rms_norm_eps", "0")]
    [InlineData("rms_norm_eps", "-1e-5")]
    [InlineData("rms_norm_eps", "1e-60")]
    [InlineData("rms_norm_eps", "\"1e-5\"")]
    [InlineData("rope_theta", "0")]
    [InlineData("rope_theta", "1e999")]
    [InlineData("rope_theta", "\"10000\"")]
    [InlineData("eos_token_id", "-1")]
    [InlineData("eos_token_id", "32")]
    [InlineData("eos_token_id", "[2, 2.5]")]
    [InlineData("eos_token_id", "true")]
    public void A_field_that_cannot_be_is_refused_by_name(string field, string json) =>
        MustBeRefused(field, json, "config.json", field, "expected");

    [Theory]
    [InlineData("num_hidden_layers", "4", "model.layers.3.input_layernorm.weight")]
    [InlineData("num_hidden_layers", "16384", "model.layers.3.input_layernorm.weight")]
    [InlineData("num_hidden_layers", "2", "model.layers.2.")]
    [InlineData("hidden_size", "2147483647", "model.embed_tokens.weight")]
    [InlineData("vocab_size", "31", "model.embed_tokens.weight")]
    [InlineData("intermediate_size", "2147483647", "mlp.gate_proj.weight")]
    [InlineData("num_key_value_heads", "2", "self_attn.k_proj.weight")]
    [InlineData("head_dim", "16", "self_attn.q_proj.weight")]
    public void A_field_that_contradicts_the_tensors_is_refused_with_the_tensor(string field, string json, string tensor) =>
        MustBeRefused(field, json, "model.safetensors", tensor, "expected");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"model_type":"llama","model_type":"llama"}""")]
    [InlineData("""{"model_type":"\ud800"}""")]
    [InlineData("""{"model_type":"llama",}""")]
    public void Bad_json_is_refused(string json)
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder["config.json"], json);
        Opening.MustBeRefused(folder, "config.json");
    }

    [Fact]
    public void Json_that_nests_without_end_is_refused()
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder["config.json"], "{\"a\":" + new string('[', 1_000_000));
        Opening.MustBeRefused(folder, "config.json", "not valid JSON");
    }

    [Fact]
    public void A_huge_config_is_refused_before_it_is_read()
    {
        using var folder = new CheckpointWriter().Write();
        using (var stream = File.OpenWrite(folder["config.json"])) stream.SetLength(1L << 32);
        Opening.MustBeRefused(folder, "config.json", "4294967296", "expected at most");
    }

    [Fact]
    public void A_message_cannot_forge_log_lines()
    {
        var writer = new CheckpointWriter();
        writer.Config["model_type"] = "x\nERROR all is lost" + new string('y', 10_000);
        using var folder = writer.Write();
        File.WriteAllText(folder["config.json"], File.ReadAllText(folder["config.json"]).Replace("\\n", "\n", StringComparison.Ordinal));

        var open = () => Helios.Sdk.Checkpoints.Checkpoint.Open(folder.Path);
        open.Should().Throw<CheckpointException>().Which.Message.Should().NotContain("\n").And.Subject.Length.Should().BeLessThan(1000);
    }

    [Theory]
    [InlineData("7", null, new[] { 7 })]
    [InlineData("[3, 5, 3]", null, new[] { 3, 5 })]
    [InlineData("null", null, new int[0])]
    [InlineData("7", """{"eos_token_id":[1, 2]}""", new[] { 1, 2 })]
    [InlineData("7", """{"eos_token_id":null}""", new int[0])]
    [InlineData("7", """{"temperature":0.6}""", new[] { 7 })]
    public void End_of_sequence_comes_from_the_generation_config_first(string config, string? generation, int[] expected)
    {
        var writer = new CheckpointWriter { GenerationConfig = generation };
        writer.Config["eos_token_id"] = JsonNode.Parse(config);

        Opening.Info(writer).EndOfSequenceIds.Should().Equal(expected);
    }

    [Theory]
    [InlineData(null, 0, 0, 1, 0, 1)]
    [InlineData("""{"temperature":0.6,"top_p":0.9}""", 0, 0, 0.9f, 0, 1)]
    [InlineData("""{"do_sample":false,"temperature":0.6,"repetition_penalty":1.1}""", 0, 0, 1, 0, 1.1f)]
    [InlineData("""{"do_sample":true}""", 1, 0, 1, 0, 1)]
    [InlineData("""{"do_sample":true,"temperature":0.6,"top_k":20,"top_p":0.95,"min_p":0.05,"repetition_penalty":1.05}""", 0.6f, 20, 0.95f, 0.05f, 1.05f)]
    [InlineData("""{"do_sample":true,"temperature":null,"top_k":null,"top_p":null,"min_p":null,"repetition_penalty":null}""", 1, 0, 1, 0, 1)]
    [InlineData("""{"do_sample":true,"temperature":0,"top_k":0,"top_p":0}""", 0, 0, float.Epsilon, 0, 1)]
    public void Sampling_defaults_come_from_the_generation_config(string? generation, float temperature, int topK, float topP, float minP, float repetitionPenalty)
    {
        var sampling = Opening.Info(new CheckpointWriter { GenerationConfig = generation }).Sampling;
        sampling.Should().BeEquivalentTo(
            new { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, RepetitionPenalty = repetitionPenalty });
    }

    [Theory]
    [InlineData("""{"num_beams":1,"typical_p":1.0,"max_length":0,"bad_words_ids":[],"guidance_scale":null,"transformers_version":"5.0"}""")]
    [InlineData("""{"num_beams":4,"typical_p":0.9,"suppress_tokens":[3],"do_sample":true,"temperature":0.5}""", "num_beams", "typical_p", "suppress_tokens")]
    [InlineData("""{"do_sample":false,"temperature":0.5,"max_new_tokens":"many"}""", "temperature", "max_new_tokens")]
    public void What_the_sampler_does_not_do_is_named(string generation, params string[] ignored) =>
        Opening.Info(new CheckpointWriter { GenerationConfig = generation }).Sampling.Ignored.Should().Equal(ignored);

    [Theory]
    [InlineData("do_sample", "1")]
    [InlineData("do_sample", "\"true\"")]
    [InlineData("temperature", "-0.1")]
    [InlineData("temperature", "1e39")]
    [InlineData("temperature", "1e400")]
    [InlineData("temperature", "[0.6]")]
    [InlineData("top_k", "-1")]
    [InlineData("top_k", "1.5")]
    [InlineData("top_k", "99999999999")]
    [InlineData("top_p", "1.5")]
    [InlineData("top_p", "-1e-9")]
    [InlineData("min_p", "2")]
    [InlineData("repetition_penalty", "0")]
    [InlineData("repetition_penalty", "-1.1")]
    [InlineData("repetition_penalty", "1e9")]
    [InlineData("temperature", "NaN")]
    public void A_bad_sampling_default_is_named(string field, string value) =>
        Opening.MustBeRefused(new CheckpointWriter { GenerationConfig = $$"""{"{{field}}":{{value}}}""" }, "generation_config.json", field);

    [Fact]
    public void A_bad_generation_config_is_named() =>
        Opening.MustBeRefused(new CheckpointWriter { GenerationConfig = """{"eos_token_id":"two"}""" }, "generation_config.json", "eos_token_id", "two");

    [Fact]
    public void An_untied_model_needs_its_head()
    {
        var writer = new CheckpointWriter();
        writer.Tensors.RemoveAll(tensor => tensor.Name == "lm_head.weight");
        Opening.MustBeRefused(writer, "model.safetensors", "lm_head.weight", "tie_word_embeddings");
    }

    private static void MustBeRefused(string field, string json, params string[] words)
    {
        var writer = new CheckpointWriter();
        writer.Config[field] = 0;
        using var folder = writer.Write();

        // As text: some of these numbers no JSON library would write.
        var text = File.ReadAllText(folder["config.json"]).Replace($"\"{field}\":0", $"\"{field}\":{json}", StringComparison.Ordinal);
        File.WriteAllText(folder["config.json"], text, new UTF8Encoding(false));
        Opening.MustBeRefused(folder, words);
    }
}
