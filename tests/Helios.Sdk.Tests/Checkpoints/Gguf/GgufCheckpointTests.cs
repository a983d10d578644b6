using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints.Gguf;

/// <summary>A GGUF file is the checkpoint that it was made from.</summary>
public sealed class GgufCheckpointTests
{
    [Theory]
    [InlineData(TensorType.F32, 2u, false)]
    [InlineData(TensorType.F16, 3u, true)]
    [InlineData(TensorType.BF16, 3u, false)]
    public void It_is_read_as_the_folder_is(TensorType type, uint version, bool tied)
    {
        var model = new CheckpointWriter(CheckpointWriter.Tiny with { TiedHead = tied }, type);
        using var folder = model.Write();
        var writer = GgufWriter.Of(model);
        writer.Version = version;
        using var file = writer.Write("tiny.Q0.gguf");
        using var expected = Checkpoint.Open(folder.Path);
        using var found = Checkpoint.Open(file["tiny.Q0.gguf"]);

        found.Info.Architecture.Should().BeEquivalentTo(expected.Info.Architecture);
        (found.Info.Name, found.Info.Path).Should().Be(("tiny.Q0", file["tiny.Q0.gguf"]));
        (found.Info.StoredType, found.Info.Parameters).Should().Be((type, expected.Info.Parameters));
        found.Info.EndOfSequenceIds.Should().Equal(2);
        var roles = 0;
        for (var layer = -1; layer < 3; layer++)
        {
            foreach (var role in Enum.GetValues<TensorRole>())
            {
                var key = new TensorKey(role, layer);
                if (!expected.TryGetTensor(key, out var tensor)) continue;
                found.TryGetTensor(key, out var same).Should().BeTrue();
                Read(found, same).Should().Equal(Read(expected, tensor), "{0} of layer {1}", role, layer);
                roles++;
            }
        }

        roles.Should().Be(3 * 9 + 3);
    }

    [Fact]
    public void It_may_recommend_how_it_is_sampled()
    {
        var writer = GgufWriter.Of(new CheckpointWriter());
        Sampling().Should().BeEquivalentTo(SamplingDefaults.None);
        writer.Set("general.sampling.top_k", -1);
        writer.Set("general.sampling.top_p", 0.9f);
        Sampling().Should().BeEquivalentTo(new { Temperature = 0f, TopK = 0, TopP = 0.9f });
        writer.Set("general.sampling.temp", 0.6f);
        writer.Set("general.sampling.top_k", 20);
        writer.Set("general.sampling.min_p", 0.05f);
        writer.Set("general.sampling.penalty_repeat", 1.1f);
        writer.Set("general.sampling.penalty_last_n", 64);
        Sampling().Should().BeEquivalentTo(new { Temperature = 0.6f, TopK = 20, TopP = 0.9f, MinP = 0.05f, RepetitionPenalty = 1.1f, Ignored = new[] { "penalty_last_n" } });

        SamplingDefaults Sampling()
        {
            using var file = writer.Write("tiny.gguf");
            using var checkpoint = Checkpoint.Open(file["tiny.gguf"]);
            return checkpoint.Info.Sampling;
        }
    }

    [Theory]
    [InlineData("temp", -1f)]
    [InlineData("temp", float.NaN)]
    [InlineData("top_p", 7f)]
    [InlineData("penalty_repeat", 0f)]
    public void A_recommendation_that_cannot_be_meant_is_refused(string key, float value)
    {
        var writer = GgufWriter.Of(new CheckpointWriter());
        writer.Set($"general.sampling.{key}", value);
        using var file = writer.Write("tiny.gguf");
        var open = () => Checkpoint.Open(file["tiny.gguf"]);
        open.Should().Throw<CheckpointException>().WithMessage("*tiny.gguf*");
    }

    [Fact]
    public void Rows_that_lie_in_pairs_are_handed_out_in_order_whichever_part_is_asked_for()
    {
        var model = new CheckpointWriter(CheckpointWriter.Tiny with { Heads = 4, KvHeads = 2, HiddenSize = 32 });
        using var file = GgufWriter.Of(model).Write();
        using var checkpoint = Checkpoint.Open(file["model.gguf"]);
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Query, 1), out var query);
        var expected = model.Tensors.Single(tensor => tensor.Name == "model.layers.1.self_attn.q_proj.weight").Bytes;
        for (var from = 0; from < expected.Length; from += 97)
        {
            foreach (var count in new[] { 1, 50, 1000, expected.Length - from })
            {
                if (from + count > expected.Length) continue;
                var read = new byte[count];
                checkpoint.Read(query, from, read);
                read.Should().Equal(expected[from..(from + count)]);
            }
        }
    }

    [Fact]
    public void A_split_file_is_read_through_its_first_part()
    {
        var model = new CheckpointWriter();
        var whole = GgufWriter.Of(model);
        using var folder = new TempFolder();
        for (var part = 0; part < 3; part++) File.WriteAllBytes(folder[Part(part)], Split(whole, part, 3).ToBytes());
        using var checkpoint = Checkpoint.Open(folder[Part(0)]);
        checkpoint.Info.Name.Should().Be("tiny");
        checkpoint.Info.Architecture.Head.IsTied.Should().BeFalse("the head lies in the last part");
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Down, 2), out var down);
        Read(checkpoint, down).Should().Equal(model.Tensors.Single(tensor => tensor.Name == "model.layers.2.mlp.down_proj.weight").Bytes);
        checkpoint.Dispose();

        MustBeRefused(folder[Part(1)], "part 2 of 3", Part(0));
        File.Delete(folder[Part(2)]);
        MustBeRefused(folder[Part(0)], Part(2), "not beside it");
        File.WriteAllBytes(folder[Part(2)], Split(whole, 0, 3).ToBytes());
        MustBeRefused(folder[Part(0)], Part(2), "part 3 of 3");

        static string Part(int part) => $"tiny-{part + 1:D5}-of-00003.gguf";
    }

    [Fact]
    public void Exits_stand_beside_the_file_with_their_tensors()
    {
        var model = new CheckpointWriter();
        using var folder = GgufWriter.Of(model).Write();
        File.WriteAllText(folder["model.gguf.helios.json"], """{"version":1,"exits":[{"layers":1,"norm":"exits.1.norm"},{"layers":2}]}""");
        File.WriteAllBytes(folder["model.gguf.exits.safetensors"], SafetensorsBytes.Of([model.Random("exits.1.norm", 16)]));
        using var checkpoint = Checkpoint.Open(folder["model.gguf"]);
        checkpoint.Info.Exits.Should().Equal(new ModelExit(1, OwnNorm: true), new ModelExit(2), new ModelExit(3));
        checkpoint.TryGetTensor(new TensorKey(TensorRole.ExitNorm, 0), out var norm).Should().BeTrue();
        Read(checkpoint, norm).Should().HaveCount(64);
    }

    [Fact]
    public void Rotary_factors_are_read_and_the_rule_of_Llama_3_is_known_by_those_that_it_gives()
    {
        var model = new CheckpointWriter(CheckpointWriter.Tiny with { RopeTheta = 500_000, RopeScaling = new Llama3RopeScaling(32, 1, 4, 8192) });
        var plain = RopeScaling.None.InverseFrequencies(8, 500_000, 1);
        var scaled = model.Shape.RopeScaling.InverseFrequencies(8, 500_000, 1);
        var writer = GgufWriter.Of(model);
        writer.Tensors.Add(new GgufRaw("rope_freqs.weight", [4], 0, [.. plain.Zip(scaled, (a, b) => (float)(a / b)).SelectMany(BitConverter.GetBytes)]));
        using var folder = writer.Write();
        using (var checkpoint = Checkpoint.Open(folder["model.gguf"])) checkpoint.Info.Architecture.Stack[0].Attention.Rotary!.Scaling.Should().Be(model.Shape.RopeScaling);

        writer.Change("rope_freqs.weight", tensor => tensor with { Bytes = [.. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)] });
        File.WriteAllBytes(folder["model.gguf"], writer.ToBytes());
        using var other = Checkpoint.Open(folder["model.gguf"]);
        other.Info.Architecture.Stack[0].Attention.Rotary!.Scaling.InverseFrequencies(8, 500_000, 1).Should().Equal(plain.Select((frequency, i) => frequency / (i + 1)));
    }

    [Fact]
    public void Linear_scaling_is_read()
    {
        var writer = GgufWriter.Of(new CheckpointWriter());
        writer.Set("llama.rope.scaling.type", "linear");
        writer.Set("llama.rope.scaling.factor", 4f);
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder["model.gguf"]);
        checkpoint.Info.Architecture.Stack[0].Attention.Rotary!.Scaling.Should().Be(new LinearRopeScaling(4));
    }

    [Fact]
    public void A_layer_reads_the_bytes_of_its_tensors_alone_and_the_stored_type_is_that_of_most_weights()
    {
        var model = new CheckpointWriter(CheckpointWriter.Tiny with { HiddenSize = 32, HeadDim = 16, FeedForwardSize = 64 });
        var writer = GgufWriter.Of(model);
        foreach (var name in writer.Tensors.Where(tensor => tensor.Name.Contains("ffn_") && tensor.Dimensions.Length == 2).Select(tensor => tensor.Name).ToList())
            writer.Change(name, tensor => tensor with { Type = 3, Bytes = new byte[tensor.Bytes.Length / 128 * 20] });
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder["model.gguf"]);
        checkpoint.Info.StoredType.Should().Be(TensorType.Q4_1);
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Down, 0), out var down);
        (down.Name, down.Rows, down.Columns, down.RowBytes, down.Bytes).Should().Be(("blk.0.ffn_down.weight", 32, 64, 40L, 32 * 40L));
    }

    [Fact]
    public void A_file_that_changes_under_it_is_read_no_more()
    {
        using var folder = GgufWriter.Of(new CheckpointWriter()).Write();
        using var checkpoint = Checkpoint.Open(folder["model.gguf"]);
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Query, 0), out var query);
        using (var file = new FileStream(folder["model.gguf"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(file.Length + 1);
        var read = () => Read(checkpoint, query);
        read.Should().Throw<CheckpointChangedException>().WithMessage("*model.gguf: changed after it was opened*");
    }

    private static GgufWriter Split(GgufWriter whole, int part, int parts)
    {
        var writer = new GgufWriter();
        if (part == 0) writer.Keys.AddRange(whole.Keys);
        writer.Set("split.no", 2, [(byte)part, 0]);
        writer.Set("split.count", 2, [(byte)parts, 0]);
        writer.Set("split.tensors.count", whole.Tensors.Count);
        writer.Tensors.AddRange(whole.Tensors.Where((_, i) => i * parts / whole.Tensors.Count == part));
        return writer;
    }

    private static void MustBeRefused(string path, params string[] words)
    {
        var open = () => Checkpoint.Open(path).Dispose();
        open.Should().Throw<CheckpointException>().Which.Message.Should().ContainAll(words);
    }

    private static byte[] Read(Checkpoint checkpoint, StoredTensor tensor)
    {
        var bytes = new byte[tensor.Bytes];
        checkpoint.Read(tensor, 0, bytes);
        return bytes;
    }
}
