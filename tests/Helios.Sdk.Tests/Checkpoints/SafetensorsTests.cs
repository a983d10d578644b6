using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>Files as an attacker, a full disk or a broken script would leave them.</summary>
public sealed class SafetensorsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_stub_is_refused(int length) => Refuse(new byte[length], "model.safetensors");

    [Theory]
    [InlineData(100_000_001UL, "100000000")]
    [InlineData(ulong.MaxValue, "18446744073709551615")]
    [InlineData(0x8000_0000_0000_0000UL, "9223372036854775808")]
    [InlineData(99_000_000UL, "99000000")]
    [InlineData(57UL, "expected at most the 56 that follow")]
    public void A_header_length_beyond_the_file_or_the_format_allocates_nothing(ulong length, string found)
    {
        var file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        using var folder = new CheckpointWriter().Write();
        File.WriteAllBytes(folder["model.safetensors"], file);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Opening.MustBeRefused(folder, "model.safetensors", found);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4_000_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData(" {}")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},}""")]
    [InlineData("""{"__metadata__":[]}""")]
    [InlineData("""{"__metadata__":{"a":1}}""")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""")]
    [InlineData("""{"\ud800":{}}""")]
    public void A_bad_header_is_refused(string header) =>
        Refuse(SafetensorsBytes.WithHeader(header, []), "model.safetensors", "header");

    [Fact]
    public void A_header_that_nests_without_end_is_refused() =>
        Refuse(SafetensorsBytes.WithHeader("{\"a\":" + new string('[', 1_000_000), []), "model.safetensors", "'a'");

    [Fact]
    public void A_header_that_is_not_utf8_is_refused() =>
        Refuse(SafetensorsBytes.WithHeader([(byte)'{', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)':', (byte)'1', (byte)'}'], []), "model.safetensors", "header");

    [Theory]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"dtype":"F32","shape":[1]}""")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0]}""")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}""")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]}""")]
    [InlineData("""{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F31","shape":[1],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":32,"shape":[1],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":1,"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}""")] // x 4 wraps to 4 in 64 bits
    [InlineData("""{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,0],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[2],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F4","shape":[9],"data_offsets":[0,4]}""")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[4,0]}""")]
    [InlineData("""{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""")]
    [InlineData("""{"dtype":"F32","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}""")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}""")]
    public void A_bad_entry_is_refused_by_name(string entry) =>
        Refuse(SafetensorsBytes.WithHeader($$"""{"culprit":{{entry}}}""", new byte[4]), "model.safetensors", "'culprit'");

    [Fact]
    public void A_shape_of_too_many_dimensions_is_refused()
    {
        var shape = string.Join(',', Enumerable.Repeat("1", 65));
        Refuse(SafetensorsBytes.WithHeader($$"""{"culprit":{"dtype":"U8","shape":[{{shape}}],"data_offsets":[0,1]} }""", new byte[1]), "'culprit'");
    }

    [Theory]
    [InlineData(0, 4, 2, 6, "overlaps")]
    [InlineData(0, 4, 0, 4, "overlaps")]
    [InlineData(0, 4, 5, 9, "hole")]
    [InlineData(1, 5, 5, 9, "hole")]
    public void Overlaps_and_holes_are_refused(long begin, long end, long begin2, long end2, string word)
    {
        var header = new JsonObject
        {
            ["a"] = SafetensorsBytes.Entry("F32", [1], begin, end),
            ["b"] = SafetensorsBytes.Entry("F32", [1], begin2, end2),
        };
        Refuse(SafetensorsBytes.WithHeader(header.ToJsonString(), new byte[9]), "model.safetensors", word);
    }

    [Fact]
    public void A_name_that_comes_twice_is_refused()
    {
        const string Entry = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";
        Refuse(SafetensorsBytes.WithHeader($$"""{"culprit":{{Entry}},"culpri\u0074":{{Entry}}}""", new byte[4]), "'culprit'", "twice");
    }

    [Fact]
    public void Bytes_that_belong_to_no_tensor_are_refused()
    {
        using var folder = new CheckpointWriter().Write();
        using (var file = File.Open(folder["model.safetensors"], FileMode.Append)) file.Write("tail"u8);
        Opening.MustBeRefused(folder, "model.safetensors", "cover");
    }

    [Fact]
    public void A_download_that_broke_off_is_refused()
    {
        using var folder = new CheckpointWriter().Write();
        using (var file = File.OpenWrite(folder["model.safetensors"])) file.SetLength(file.Length - 1);
        Opening.MustBeRefused(folder, "model.safetensors", "'lm_head.weight'", "data_offsets");
    }

    [Theory]
    [InlineData("BOOL", 8)]
    [InlineData("I64", 64)]
    [InlineData("F64", 64)]
    [InlineData("F8_E4M3", 8)]
    [InlineData("F4", 4)]
    [InlineData("F6_E2M3", 6)]
    [InlineData("C64", 64)]
    public void Tensors_that_are_not_needed_may_have_any_type_of_the_format(string type, int bits)
    {
        var writer = new CheckpointWriter();
        writer.Tensors.Insert(3, new RawTensor("model.layers.0.self_attn.rotary_emb.inv_freq", type, [4], new byte[4 * bits / 8]));
        writer.Tensors.Insert(0, new RawTensor("scalar", type, [2, 2, 1], new byte[4 * bits / 8]));

        Opening.Info(writer).Parameters.Should().Be(6896);
    }

    [Theory]
    [InlineData("F64", 8)]
    [InlineData("I8", 1)]
    [InlineData("F8_E4M3", 1)]
    public void Tensors_that_are_needed_may_not(string type, int size)
    {
        var writer = new CheckpointWriter();
        writer.Replace("model.layers.1.mlp.up_proj.weight", tensor => tensor with { Type = type, Bytes = new byte[24 * 16 * size] });
        Opening.MustBeRefused(writer, "model.safetensors", "'model.layers.1.mlp.up_proj.weight'", type, "F32, F16 or BF16");
    }

    [Theory]
    [InlineData("model.norm.weight", new long[] { 1, 16 })]
    [InlineData("model.norm.weight", new long[] { })]
    [InlineData("model.layers.2.self_attn.o_proj.weight", new long[] { 256 })]
    [InlineData("model.layers.0.mlp.down_proj.weight", new long[] { 24, 16 })]
    [InlineData("model.layers.0.mlp.down_proj.weight", new long[] { 16, 24, 1 })]
    [InlineData("lm_head.weight", new long[] { 16, 32 })]
    public void Every_shape_must_be_exact(string name, long[] shape)
    {
        var writer = new CheckpointWriter();
        writer.Replace(name, tensor => tensor with { Shape = shape, Bytes = new byte[4 * shape.Aggregate(1L, (a, b) => a * b)] });
        Opening.MustBeRefused(writer, "model.safetensors", $"'{name}'", $"[{string.Join(", ", shape)}]", "expected [");
    }

    [Fact]
    public void Every_tensor_is_missed_by_name()
    {
        foreach (var name in new CheckpointWriter().Tensors.Select(tensor => tensor.Name))
        {
            var writer = new CheckpointWriter();
            writer.Tensors.RemoveAll(tensor => tensor.Name == name);
            Opening.MustBeRefused(writer, "model.safetensors", $"'{name}'", "missing");
        }
    }

    [Fact]
    public void A_bias_contradicts_the_config()
    {
        var writer = new CheckpointWriter();
        writer.Tensors.Add(writer.Random("model.layers.0.self_attn.q_proj.bias", 16));
        Opening.MustBeRefused(writer, "model.safetensors", "'model.layers.0.self_attn.q_proj.bias'", "config.json");
    }

    [Fact]
    public void Mixed_types_count_as_the_widest_of_the_layers()
    {
        var writer = new CheckpointWriter(type: TensorType.BF16);
        writer.Replace("model.norm.weight", tensor => tensor with { Type = "F32", Bytes = new byte[64] });
        Opening.Info(writer).StoredType.Should().Be(TensorType.BF16, "the final norm is in no layer");

        writer.Replace("model.layers.1.mlp.up_proj.weight", tensor => tensor with { Type = "F16" });
        Opening.Info(writer).StoredType.Should().Be(TensorType.F16);
    }

    [Fact]
    public void Offsets_beyond_four_gigabytes_are_read_and_cost_nothing_to_open()
    {
        const long Gap = 5L << 30;
        var writer = new CheckpointWriter();
        using var folder = writer.Write();
        var header = new JsonObject { ["gap"] = SafetensorsBytes.Entry("U8", [Gap], 0, Gap) };
        var end = Gap;
        foreach (var tensor in writer.Tensors)
            header[tensor.Name] = SafetensorsBytes.Entry(tensor.Type, tensor.Shape, end, end += tensor.Bytes.Length);
        using (var file = File.Create(folder["model.safetensors"]))
        {
            file.Write(SafetensorsBytes.WithHeader(header.ToJsonString(), []));
            file.Seek(Gap, SeekOrigin.Current); // a hole on disk: the file is sparse
            foreach (var tensor in writer.Tensors) file.Write(tensor.Bytes);
        }

        using var checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Head), out var head).Should().BeTrue();
        head.Offset.Should().BeGreaterThan(Gap);
        var bytes = new byte[head.Bytes];
        checkpoint.Read(head, 0, bytes);
        bytes.Should().Equal(writer.Tensors[^1].Bytes);
    }

    private static void Refuse(byte[] file, params string[] words)
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllBytes(folder["model.safetensors"], file);
        Opening.MustBeRefused(folder, words);
    }
}
