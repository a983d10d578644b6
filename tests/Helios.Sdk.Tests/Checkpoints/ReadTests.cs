using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class ReadTests
{
    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Every_tensor_reads_back_as_written(TensorType type)
    {
        var writer = new CheckpointWriter(type: type);
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);

        checkpoint.Info.StoredType.Should().Be(type);
        var read = 0;
        foreach (var tensor in AllTensors(checkpoint))
        {
            tensor.Type.Should().Be(type);
            ReadAll(checkpoint, tensor).Should().Equal(writer.Tensors.Single(raw => raw.Name == tensor.Name).Bytes);
            read++;
        }

        read.Should().Be(writer.Tensors.Count);
    }

    [Fact]
    public void A_read_fills_its_span_and_touches_nothing_around_it()
    {
        var writer = new CheckpointWriter();
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var tensor = Tensor(checkpoint, TensorRole.Gate, 1);
        var buffer = new byte[300];
        buffer.AsSpan().Fill(0xAB);

        checkpoint.Read(tensor, 100, buffer.AsSpan(50, 200));

        var expected = writer.Tensors.Single(raw => raw.Name == tensor.Name).Bytes[100..300];
        buffer[50..250].Should().Equal(expected);
        buffer[..50].Concat(buffer[250..]).Should().OnlyContain(value => value == 0xAB);
    }

    [SkippableFact]
    public void A_file_that_was_truncated_is_read_no_more()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody truncate a checkpoint that is open.");
        using var folder = new CheckpointWriter().Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var length = new FileInfo(folder["model.safetensors"]).Length;
        using (var file = new FileStream(folder["model.safetensors"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(length - 4);

        var read = () => ReadAll(checkpoint, Tensor(checkpoint, TensorRole.Down, 0));
        read.Should().Throw<CheckpointChangedException>().WithMessage($"*model.safetensors: changed after it was opened: it had {length} bytes and has {length - 4}*");
    }

    [Fact]
    public void A_deleted_file_reads_on_until_it_is_closed()
    {
        using var folder = new CheckpointWriter().Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        File.Delete(folder["model.safetensors"]);
        ReadAll(checkpoint, Tensor(checkpoint, TensorRole.Head)).Should().NotBeEmpty();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 65)]
    [InlineData(64, 1)]
    [InlineData(long.MaxValue, 1)]
    public void A_range_outside_the_tensor_is_refused(long offset, int length)
    {
        using var folder = new CheckpointWriter().Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var norm = Tensor(checkpoint, TensorRole.FinalNorm);
        var read = () => checkpoint.Read(norm, offset, new byte[length]);
        read.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_tensor_that_was_made_up_is_refused()
    {
        using var folder = new CheckpointWriter().Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var forged = Tensor(checkpoint, TensorRole.FinalNorm) with { Offset = 0 };
        var read = () => checkpoint.Read(forged, 0, new byte[8]);
        read.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Nothing_is_read_after_disposal()
    {
        using var folder = new CheckpointWriter().Write();
        var checkpoint = Checkpoint.Open(folder.Path);
        var norm = Tensor(checkpoint, TensorRole.FinalNorm);
        checkpoint.Dispose();
        checkpoint.Dispose();
        var read = () => checkpoint.Read(norm, 0, new byte[8]);
        read.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Threads_read_at_once()
    {
        var writer = new CheckpointWriter { Shards = 3 };
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var tensors = AllTensors(checkpoint).ToArray();
        var expected = writer.Tensors.ToDictionary(raw => raw.Name, raw => raw.Bytes, StringComparer.Ordinal);

        Parallel.For(0, 2000, i =>
        {
            var tensor = tensors[i % tensors.Length];
            ReadAll(checkpoint, tensor).AsSpan().SequenceEqual(expected[tensor.Name]).Should().BeTrue();
        });
    }

    internal static IEnumerable<StoredTensor> AllTensors(Checkpoint checkpoint) =>
        from role in Enum.GetValues<TensorRole>()
        from layer in Enumerable.Range(-1, checkpoint.Info.Architecture.Layers + 1)
        let found = checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor) ? tensor : null
        where found is not null
        select found;

    private static StoredTensor Tensor(Checkpoint checkpoint, TensorRole role, int layer = -1)
    {
        checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor).Should().BeTrue();
        return tensor;
    }

    private static byte[] ReadAll(Checkpoint checkpoint, StoredTensor tensor)
    {
        var bytes = new byte[tensor.Bytes];
        checkpoint.Read(tensor, 0, bytes);
        return bytes;
    }
}
