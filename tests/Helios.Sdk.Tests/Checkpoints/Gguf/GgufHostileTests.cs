using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Tests.Checkpoints.Gguf;

/// <summary>Files that claim what is not so are refused by a message that names it, and before what they claim is allocated.</summary>
public sealed class GgufHostileTests
{
    private const long MostAllocated = 4_000_000;

    private const string Query = "blk.0.attn_q.weight";

    public static TheoryData<string, Action<GgufWriter>, string> Broken { get; } = new()
    {
        { "magic", file => file.Magic = 0x58554747, "not a GGUF file" },
        { "version 1", file => file.Version = 1, "GGUF of version 1" },
        { "big-endian", file => file.Version = 3 << 24, "big-endian" },
        { "2^60 tensors", file => file.TensorCount = 1UL << 60, "model.gguf" },
        { "2^60 keys", file => file.KeyCount = 1UL << 60, "model.gguf" },
        { "a key fewer", file => file.KeyCount = (ulong)file.Keys.Count - 1, "model.gguf" },
        { "no tensors", file => file.Tensors.Clear(), "missing" },
        { "a text of 2^62 bytes", file => file.Set("general.name", GgufWriter.Text, BitConverter.GetBytes(1L << 62)), "general.name" },
        { "an array whose bytes overflow", file => file.Set("x.a", GgufWriter.Array, [.. BitConverter.GetBytes(GgufWriter.Whole64), .. BitConverter.GetBytes((1L << 61) + 1)]), "x.a" },
        { "2^60 texts", file => file.Set("x.a", GgufWriter.Array, [.. BitConverter.GetBytes(GgufWriter.Text), .. BitConverter.GetBytes(1L << 60)]), "x.a" },
        { "arrays in arrays", file => file.Set("x.n", GgufWriter.Array, [.. Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 10_000).SelectMany(bytes => bytes)]), "array of arrays" },
        { "an unknown type of value", file => file.Set("x.t", 99, new byte[8]), "type 99" },
        { "an empty key", file => file.Set("", 1), "empty" },
        { "a key twice", file => file.Keys.Add(("llama.block_count", 4, [1, 0, 0, 0])), "there twice" },
        { "an unknown type of tensor", file => Change(file, tensor => tensor with { Type = 9999 }), "type 9999" },
        { "a removed type of tensor", file => Change(file, tensor => tensor with { Type = 4 }), "type 4" },
        { "whole numbers", file => Change(file, tensor => tensor with { Type = 26 }), "I32" },
        { "an offset past the end", file => Change(file, tensor => tensor with { Offset = 1UL << 40 }), "begins at byte" },
        { "an offset that overlaps", file => Change(file, tensor => tensor with { Offset = 0 }), "begins at byte" },
        { "an offset that overflows", file => Change(file, tensor => tensor with { Offset = ulong.MaxValue - 31 }), "begins at byte" },
        { "a size that overflows", file => Change(file, tensor => tensor with { Dimensions = [1UL << 33, 1UL << 33] }), "overflows" },
        { "a size that wraps to a small one", file => Change(file, tensor => tensor with { Dimensions = [(1UL << 62) + 16, 4] }), "overflows" },
        { "bytes that overflow", file => Change(file, tensor => tensor with { Dimensions = [1UL << 31, (1UL << 31) - 1] }), "model.gguf" },
        { "a dimension of 0", file => Change(file, tensor => tensor with { Dimensions = [16, 0] }), "dimension of 0" },
        { "a dimension of 2^63", file => Change(file, tensor => tensor with { Dimensions = [1UL << 63, 16] }), "dimension of" },
        { "5 dimensions", file => Change(file, tensor => tensor with { Dimensions = [16, 16, 1, 1, 1] }), "5 dimensions" },
        { "rows that are no blocks", file => Change(file, tensor => tensor with { Type = 12 }), "multiple of 256" },
        { "a long name", file => Change(file, tensor => tensor with { Name = new string('n', 100_000) }), "100000 bytes" },
        { "no name", file => Change(file, tensor => tensor with { Name = "" }), "without a name" },
        { "a name twice", file => Change(file, tensor => tensor with { Name = "token_embd.weight" }), "twice" },
        { "swapped dimensions", file => file.Change("blk.0.ffn_down.weight", tensor => tensor with { Dimensions = [.. tensor.Dimensions.Reverse()] }), "blk.0.ffn_down.weight" },
        { "alignment 0", file => file.Set("general.alignment", 0), "general.alignment" },
        { "alignment 48", file => file.Set("general.alignment", 48), "power of two" },
        { "alignment 2^31", file => file.Set("general.alignment", int.MinValue), "general.alignment" },
        { "alignment as a text", file => file.Set("general.alignment", "32"), "general.alignment" },
        { "no architecture", file => file.Remove("general.architecture"), "general.architecture" },
        { "an unknown architecture", file => file.Set("general.architecture", "nonsense"), "nonsense" },
        { "an adapter", file => file.Set("general.type", "adapter"), "general.type" },
        { "no layers", file => file.Remove("llama.block_count"), "llama.block_count" },
        { "2^31 layers", file => file.Set("llama.block_count", int.MinValue), "llama.block_count" },
        { "more layers than there are", file => file.Set("llama.block_count", 10_000), "missing" },
        { "layers as a text", file => file.Set("llama.block_count", "3"), "llama.block_count" },
        { "no heads", file => file.Set("llama.attention.head_count", 0), "llama.attention.head_count" },
        { "KV heads that do not divide", file => file.Set("llama.attention.head_count_kv", 3), "llama.attention.head_count_kv" },
        { "no epsilon", file => file.Remove("llama.attention.layer_norm_rms_epsilon"), "layer_norm_rms_epsilon" },
        { "half a pair in rotation", file => file.Set("llama.rope.dimension_count", 7), "llama.rope.dimension_count" },
        { "a base that is no number", file => file.Set("llama.rope.freq_base", float.NaN), "llama.rope.freq_base" },
        { "an unknown scaling", file => file.Set("llama.rope.scaling.type", "su"), "llama.rope.scaling.type" },
        { "experts", file => file.Set("llama.expert_count", 8), "expert_count" },
        { "no tokens", file => file.Remove("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens" },
        { "fewer tokens than rows", file => file.SetTokens(20), "token_embd.weight" },
        { "tokens as a text", file => file.Set("tokenizer.ggml.tokens", "abc"), "tokenizer.ggml.tokens" },
        { "part 1 of 3 by no such name", file => { file.Set("split.no", 0); file.Set("split.count", 3); }, "part 1 of 3" },
        { "part 10 of 3", file => { file.Set("split.no", 9); file.Set("split.count", 3); }, "split.no" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void It_is_refused(string what, Action<GgufWriter> damage, string words)
    {
        var file = GgufWriter.Of(new CheckpointWriter());
        damage(file);
        using var folder = file.Write();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var open = () => Checkpoint.Open(folder["model.gguf"]).Dispose();
        open.Should().Throw<CheckpointException>(what).Which.Message.Should().Contain("model.gguf").And.Contain(words).And.NotContain("\n");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(MostAllocated);
    }

    [Fact]
    public void A_file_that_was_cut_is_refused()
    {
        var whole = GgufWriter.Of(new CheckpointWriter()).ToBytes();
        using var folder = new TempFolder();
        var lengths = Gen.Choose(0, whole.Length - 1).ToArbitrary();
        Prop.ForAll(lengths, length => !Opens(folder, whole[..length])).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_damage_of_the_header_opens_or_is_refused()
    {
        var writer = GgufWriter.Of(new CheckpointWriter());
        var (whole, header) = (writer.ToBytes(), writer.Header().Length);
        using var folder = new TempFolder();
        var edit = from position in Gen.Choose(0, header - 1) from value in Gen.Choose(0, 255) select (position, (byte)value);
        var edits = Gen.Choose(1, 6).SelectMany(count => edit.ArrayOf(count)).ToArbitrary();
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(edits, list =>
        {
            var bytes = (byte[])whole.Clone();
            foreach (var (position, value) in list) bytes[position] = value;
            var before = GC.GetAllocatedBytesForCurrentThread();
            Opens(folder, bytes);
            return GC.GetAllocatedBytesForCurrentThread() - before < MostAllocated;
        }));
    }

    [Fact]
    public void A_pointer_that_was_not_fetched_says_so()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["model.gguf"], "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", new UTF8Encoding(false));
        var open = () => Checkpoint.Open(folder["model.gguf"]).Dispose();
        open.Should().Throw<CheckpointException>().WithMessage("*Git LFS pointer*");
    }

    private static void Change(GgufWriter file, Func<GgufRaw, GgufRaw> change) => file.Change(Query, change);

    private static bool Opens(TempFolder folder, byte[] bytes)
    {
        File.WriteAllBytes(folder["model.gguf"], bytes);
        try
        {
            Checkpoint.Open(folder["model.gguf"]).Dispose();
            return true;
        }
        catch (CheckpointException e)
        {
            e.Message.Should().Contain(folder.Path).And.NotContain("\n");
            return false;
        }
    }
}
