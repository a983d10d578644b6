using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>What is in the folder, in how many files, and what the fingerprint makes of it.</summary>
public sealed class FolderTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Shards_read_as_one_file_does(int shards)
    {
        var writer = new CheckpointWriter { Shards = shards };
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);

        checkpoint.Info.Parameters.Should().Be(6896);
        for (var layer = 0; layer < 3; layer++)
        {
            checkpoint.TryGetTensor(new TensorKey(TensorRole.Down, layer), out var tensor).Should().BeTrue();
            var bytes = new byte[tensor.Bytes];
            checkpoint.Read(tensor, 0, bytes);
            bytes.Should().Equal(writer.Tensors.Single(raw => raw.Name == tensor.Name).Bytes);
        }
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("model\0.safetensors")]
    [InlineData("passwd")]
    [InlineData("")]
    public void A_shard_outside_the_folder_is_refused(string name) =>
        RefuseIndex($$"""{"weight_map":{"model.norm.weight":{{System.Text.Json.JsonSerializer.Serialize(name)}} } }""", "weight_map[\"model.norm.weight\"]");

    [Theory]
    [InlineData("{}", "weight_map")]
    [InlineData("""{"weight_map":{}}""", "weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    [InlineData("""{"weight_map":{"a":1}}""", "weight_map.a")]
    [InlineData("""{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}""", "'a'")]
    [InlineData("""{"weight_map":{"a":"x.safetensors"}}""", "x.safetensors")]
    [InlineData("nonsense", "not valid JSON")]
    public void A_bad_index_is_refused(string json, string word) => RefuseIndex(json, word);

    [Fact]
    public void A_tensor_that_is_not_in_its_shard_is_refused()
    {
        using var folder = new CheckpointWriter { Shards = 2 }.Write();
        var index = folder["model.safetensors.index.json"];
        File.WriteAllText(index, File.ReadAllText(index).Replace(
            "\"lm_head.weight\":\"model-00002", "\"lm_head.weight\":\"model-00001", StringComparison.Ordinal));
        Opening.MustBeRefused(folder, "model-00001-of-00002.safetensors", "'lm_head.weight'");
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        var writer = new CheckpointWriter { Shards = 2 };
        using var folder = writer.Write();
        var name = folder["model-00001-of-00002.safetensors"];
        File.WriteAllBytes(name, SafetensorsBytes.Of([.. writer.Tensors.Take(15), writer.Tensors[^1]]));
        Opening.MustBeRefused(folder, "'lm_head.weight'", "model-00001-of-00002", "model-00002-of-00002");
    }

    [Fact]
    public void A_missing_shard_is_refused()
    {
        using var folder = new CheckpointWriter { Shards = 2 }.Write();
        File.Delete(folder["model-00002-of-00002.safetensors"]);
        Opening.MustBeRefused(folder, "index.json", "model-00002-of-00002.safetensors");
    }

    [Fact]
    public void An_index_over_the_single_file_is_as_good_as_none()
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder["model.safetensors.index.json"], """{"weight_map":{"model.norm.weight":"model.safetensors"}}""");
        using var checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.Info.Parameters.Should().Be(6896);
    }

    [Fact]
    public void Two_models_in_one_folder_are_refused()
    {
        using var folder = new CheckpointWriter { Shards = 2 }.Write();
        File.WriteAllBytes(folder["model.safetensors"], SafetensorsBytes.Of(new CheckpointWriter().Tensors));
        Opening.MustBeRefused(folder, "model.safetensors.index.json", "remove");
    }

    [Fact]
    public void No_folder_is_said_clearly()
    {
        using var folder = new TempFolder();
        var open = () => Checkpoint.Open(folder["nowhere"]);
        open.Should().Throw<CheckpointException>().WithMessage("*nowhere*no such folder*");
    }

    [Theory]
    [InlineData("model.gguf", "ends at byte 4", "damaged")]
    [InlineData("model.safetensors", "a weight file", "config.json")]
    [InlineData("config.json", "is a file, expected the folder")]
    public void A_file_in_place_of_the_folder_is_said_clearly(string name, params string[] words)
    {
        using var folder = new CheckpointWriter().Write();
        if (!File.Exists(folder[name])) File.WriteAllText(folder[name], "GGUF");
        var open = () => Checkpoint.Open(folder[name]);
        var tokenizer = () => TokenizerFiles.Load(folder[name]);
        open.Should().Throw<CheckpointException>().Which.Message.Should().ContainAll(words).And.NotContain("no such folder");
        tokenizer.Should().Throw<CheckpointException>().Which.Message.Should().ContainAll(words);
    }

    [Theory]
    [InlineData("meta-llama/Llama-3.2-1B", true)]
    [InlineData("gpt2-community/gpt2.x", true)]
    [InlineData("./nowhere/else", false)]
    [InlineData("one/two/three", false)]
    [InlineData("nowhere", false)]
    public void An_id_of_the_Hub_is_asked_for(string given, bool isAsked)
    {
        var message = FluentActions.Invoking(() => Checkpoint.Open(given)).Should().Throw<CheckpointException>().Which.Message;
        message.Contains($"helios pull {given}", StringComparison.Ordinal).Should().Be(isAsked);
        message.Should().Contain("no such folder");
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("helios.json")]
    [InlineData("generation_config.json")]
    public void A_Git_LFS_pointer_is_said_to_be_one(string file)
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder[file], LfsPointer);
        Opening.MustBeRefused(folder, file, "Git LFS pointer", "git lfs pull");
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("model.gguf")]
    public void So_is_one_in_place_of_a_tokenizer_or_of_a_model_file(string file)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder[file], LfsPointer);
        var load = () => TokenizerFiles.Load(file == "tokenizer.json" ? folder.Path : folder[file]);
        load.Should().Throw<CheckpointException>().WithMessage($"*{file}*Git LFS pointer*");
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public async Task A_pipe_in_place_of_a_file_is_refused_and_not_waited_for(string file)
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new CheckpointWriter().Write();
        File.Delete(folder[file]);
        using (var made = System.Diagnostics.Process.Start("mkfifo", folder[file])) await made.WaitForExitAsync();
        var open = Task.Run(() => file == "tokenizer.json" ? (object)TokenizerFiles.Load(folder.Path) : Checkpoint.Open(folder.Path));
        var opened = async () => await open.WaitAsync(TimeSpan.FromSeconds(60));
        await opened.Should().ThrowAsync<CheckpointException>().WithMessage($"*{file}*0 bytes*not an ordinary file*");
    }

    [Fact]
    public void A_linked_file_is_read_as_in_the_cache_of_the_Hub()
    {
        using var folder = new CheckpointWriter().Write();
        File.Move(folder["model.safetensors"], folder["blob"]);
        File.CreateSymbolicLink(folder["model.safetensors"], "blob");
        using var checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.Info.Parameters.Should().Be(6896);
    }

    [Fact]
    public void No_config_is_said_clearly()
    {
        using var folder = new CheckpointWriter().Write();
        File.Delete(folder["config.json"]);
        Opening.MustBeRefused(folder, "config.json", "missing");
    }

    [Theory]
    [InlineData(null, "no weights")]
    [InlineData("pytorch_model.bin", "convert it to safetensors")]
    [InlineData("consolidated.00.pth", "convert it to safetensors")]
    [InlineData("weights.safetensors", "'weights.safetensors' alone")]
    public void No_weights_is_said_clearly(string? instead, string word)
    {
        using var folder = new CheckpointWriter().Write();
        File.Delete(folder["model.safetensors"]);
        if (instead is not null) File.WriteAllText(folder[instead], "");
        Opening.MustBeRefused(folder, "model.safetensors", word);
    }

    [Fact]
    public void Names_of_nothing_are_the_callers_fault()
    {
        var noFolder = () => Checkpoint.Open(" ");
        var noName = () => Checkpoint.Open(TestData.Model("tiny-s"), "");
        noFolder.Should().Throw<ArgumentException>();
        noName.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void The_name_is_the_folders_even_with_a_slash_behind_it()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-s") + Path.DirectorySeparatorChar);
        checkpoint.Info.Name.Should().Be("tiny-s");
    }

    [Fact]
    public void The_fingerprint_is_that_of_the_files_wherever_they_lie()
    {
        var first = Opening.Info(new CheckpointWriter());
        first.Fingerprint.Should().MatchRegex("^[0-9a-f]{64}$");
        Opening.Info(new CheckpointWriter()).Fingerprint.Should().Be(first.Fingerprint);

        var otherConfig = new CheckpointWriter();
        otherConfig.Config["eos_token_id"] = 3;
        var otherHeader = new CheckpointWriter();
        otherHeader.Tensors.Reverse();
        CheckpointWriter[] others =
        [
            otherConfig, otherHeader, new(type: TensorType.F16), new() { Shards = 2 }, new() { Sidecar = """{"version":1,"exits":[]}""" },
        ];
        others.Select(writer => Opening.Info(writer).Fingerprint).Append(first.Fingerprint).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_fingerprint_is_another_when_any_tensor_was_trained_further()
    {
        var names = new CheckpointWriter().Tensors.Select(tensor => tensor.Name).ToList();
        var trained = names.Select(name =>
        {
            var writer = new CheckpointWriter();
            writer.Replace(name, tensor => tensor with { Bytes = [.. tensor.Bytes.Select(part => (byte)(part ^ 1))] });
            return Opening.Info(writer).Fingerprint;
        });

        trained.Append(Opening.Info(new CheckpointWriter()).Fingerprint).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Of_a_large_tensor_the_fingerprint_sees_the_middle()
    {
        var large = CheckpointWriter.Tiny with { VocabularySize = 1024 };
        string With(int changed)
        {
            var writer = new CheckpointWriter(large);
            writer.Replace("model.embed_tokens.weight", tensor =>
            {
                tensor.Bytes[changed] ^= 1;
                return tensor;
            });
            return Opening.Info(writer).Fingerprint;
        }

        // 1024 x 16 x 4 bytes; the sample is 4096 of them around byte 32768.
        var untouched = Opening.Info(new CheckpointWriter(large)).Fingerprint;
        With(32768).Should().NotBe(untouched);
        With(32768 - 2048).Should().NotBe(untouched);
        With(0).Should().Be(untouched, "an edit outside the sample is not seen, as the documentation says");
    }

    private const string LfsPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

    private static void RefuseIndex(string json, string word)
    {
        using var folder = new CheckpointWriter { Shards = 2 }.Write();
        File.WriteAllText(folder["model.safetensors.index.json"], json);
        Opening.MustBeRefused(folder, "model.safetensors.index.json", word);
    }
}
