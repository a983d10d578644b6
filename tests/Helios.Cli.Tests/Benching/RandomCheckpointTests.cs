using System.Buffers.Binary;
using Helios.Cli.Benching;
using Helios.Sdk.Models;

namespace Helios.Cli.Tests.Benching;

public sealed class RandomCheckpointTests
{
    private static readonly ModelShape Shape = ModelShape.Parse("llama:layers=2,hidden=64,heads=4,kv=2,ffn=96,vocab=100");

    [Fact]
    public void What_is_read_does_not_depend_on_how()
    {
        using var checkpoint = new RandomCheckpoint(Shape);
        var tensor = Tensor(checkpoint, TensorRole.Gate, 1);
        var whole = new byte[tensor.Bytes];
        checkpoint.Read(tensor, 0, whole);
        using var again = new RandomCheckpoint(Shape);
        foreach (var (offset, length) in ((int, int)[])[(0, 1), (3, 4), (7, 9), (8, 8), (15, 100), (8, 0), (4095, 33), ((int)tensor.Bytes - 5, 5)])
        {
            var part = new byte[length];
            again.Read(Tensor(again, TensorRole.Gate, 1), offset, part);
            part.Should().Equal(whole[offset..(offset + length)]);
        }
    }

    [Fact]
    public void Tensors_differ()
    {
        using var checkpoint = new RandomCheckpoint(Shape);
        Values(checkpoint, TensorRole.Gate, 0).Should().NotEqual(Values(checkpoint, TensorRole.Gate, 1)).And.NotEqual(Values(checkpoint, TensorRole.Up, 0));
    }

    [Fact]
    public void Matrices_keep_the_scale_of_what_they_multiply_and_norms_are_near_one()
    {
        using var checkpoint = new RandomCheckpoint(Shape);
        var matrix = Values(checkpoint, TensorRole.Down, 0);
        (matrix.Average(value => value * value) * 96).Should().BeInRange(0.4f, 2.5f);
        matrix.Average().Should().BeInRange(-0.01f, 0.01f);
        Values(checkpoint, TensorRole.FinalNorm, -1).Should().OnlyContain(value => value >= 1 && value < 2);
    }

    private static float[] Values(RandomCheckpoint checkpoint, TensorRole role, int layer)
    {
        var tensor = Tensor(checkpoint, role, layer);
        var bytes = new byte[tensor.Bytes];
        checkpoint.Read(tensor, 0, bytes);
        return [.. Enumerable.Range(0, (int)tensor.Elements).Select(i =>
            BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(2 * i)) << 16))];
    }

    private static StoredTensor Tensor(RandomCheckpoint checkpoint, TensorRole role, int layer)
    {
        checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor).Should().BeTrue();
        return tensor;
    }
}
