using System.Runtime.InteropServices;
using System.Text.Json;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Models;

/// <summary>Blocks of quantised types are the numbers that llama.cpp's reference code says, bit for bit.</summary>
public sealed class TensorBlocksTests
{
    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    public static TheoryData<TensorType> Quantised => [.. Enum.GetValues<TensorType>().Where(type => type.IsQuantised())];

    [Theory]
    [MemberData(nameof(Types))]
    public void Values_are_those_of_the_reference(TensorType type)
    {
        if (type == TensorType.F32) return; // the reference's own form
        var (raw, values) = Golden(type);
        var floats = new float[values.Length / sizeof(float)];
        TensorBlocks.ToFloats(type, raw, floats);
        MemoryMarshal.AsBytes(floats.AsSpan()).ToArray().Should().Equal(values);
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Integers_with_scales_and_offsets_are_the_values(TensorType type)
    {
        var (raw, values) = Golden(type);
        var elements = values.Length / sizeof(float);
        var group = TensorBlocks.GroupElements(type);
        var (integers, scales, offsets) = (new sbyte[elements], new float[elements / group], new float[elements / group]);
        TensorBlocks.Split(type, raw, integers, scales, offsets);
        for (var i = 0; i < elements; i++)
        {
            var value = scales[i / group] * integers[i] + offsets[i / group];
            value.Should().Be(BitConverter.ToSingle(values, i * sizeof(float)), "element {0}", i);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Lengths_that_do_not_agree_are_refused(TensorType type)
    {
        var convert = () => TensorBlocks.ToFloats(type, new byte[type.BlockBytes()], new float[2 * type.BlockElements()]);
        convert.Should().Throw<ArgumentException>();
        var part = () => TensorBlocks.ToFloats(type, new byte[type.BlockBytes() - 1], new float[type.BlockElements()]);
        part.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_plain_type_has_no_integers()
    {
        var split = () => TensorBlocks.Split(TensorType.F16, new byte[2], new sbyte[1], new float[1], new float[1]);
        split.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Sizes_pass_32_bits()
    {
        var tensor = new StoredTensor("large", 0, 0, TensorType.Q4_1, 1 << 20, 1 << 14);
        (tensor.RowBytes, tensor.Bytes).Should().Be((20L << 9, 20L << 29));
        TensorType.Q4_1.BitsPerElement().Should().Be(5);
    }

    private static (byte[] Raw, byte[] Values) Golden(TensorType type)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestData.Root, "tests", "data", "gguf", "blocks.json")));
        var entry = json.RootElement.GetProperty("types").GetProperty(type.ToString());
        return (entry.GetProperty("raw").GetBytesFromBase64(), entry.GetProperty("values").GetBytesFromBase64());
    }
}
