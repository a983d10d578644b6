using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>tie_word_embeddings against what the files hold, as transformers 5 settles it.</summary>
public class TiedHeadTests
{
    private const string Embedding = "model.embed_tokens.weight";
    private const string Head = "lm_head.weight";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_head_with_other_values_is_the_head(int shards)
    {
        var writer = Tied(shards);
        writer.Tensors.Add(writer.Random(Head, 32, 16));
        Open(writer, checkpoint =>
        {
            checkpoint.Info.Architecture.Head.IsTied.Should().BeFalse();
            checkpoint.TryGetTensor(new TensorKey(TensorRole.Head), out var head).Should().BeTrue();
            var bytes = new byte[head.Bytes];
            checkpoint.Read(head, 0, bytes);
            bytes.Should().Equal(writer.Tensors[^1].Bytes);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1023)]
    [InlineData(2047)]
    public void One_value_apart_is_another_head(int changed)
    {
        var writer = Tied();
        var copy = writer.Tensors[0].Bytes.ToArray();
        copy[changed] ^= 1;
        writer.Tensors.Add(writer.Tensors[0] with { Name = Head, Bytes = copy });
        Open(writer, checkpoint => checkpoint.Info.Architecture.Head.IsTied.Should().BeFalse());
    }

    [Fact]
    public void A_copy_of_the_embedding_is_held_once()
    {
        var writer = Tied();
        writer.Tensors.Add(writer.Tensors[0] with { Name = Head });
        Open(writer, checkpoint =>
        {
            checkpoint.Info.Architecture.Head.IsTied.Should().BeTrue();
            checkpoint.TryGetTensor(new TensorKey(TensorRole.Head), out var head).Should().BeTrue();
            head.Name.Should().Be(Embedding);
            checkpoint.Info.Parameters.Should().Be(6896 - 32 * 16);
        });
    }

    [Fact]
    public void A_head_of_another_shape_is_refused_like_any()
    {
        var writer = Tied();
        writer.Tensors.Add(writer.Random(Head, 31, 16));
        Opening.MustBeRefused(writer, Head, "shape [31, 16]", "[32, 16]");
    }

    [Fact]
    public void An_exit_that_shares_the_head_shares_that_one()
    {
        var writer = Tied();
        writer.Tensors.Add(writer.Random(Head, 32, 16));
        writer.Sidecar = """{"version":1,"exits":[{"layers":1},{"layers":2,"head":"lm_head.weight"}]}""";
        Open(writer, checkpoint =>
        {
            checkpoint.TryGetTensor(new TensorKey(TensorRole.ExitHead, 0), out _).Should().BeFalse();
            checkpoint.TryGetTensor(new TensorKey(TensorRole.ExitHead, 1), out var own).Should().BeTrue();
            own.Name.Should().Be(Head);
        });
    }

    private static CheckpointWriter Tied(int shards = 1) => new(CheckpointWriter.Tiny with { TiedHead = true }) { Shards = shards };

    private static void Open(CheckpointWriter writer, Action<Checkpoint> check)
    {
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        check(checkpoint);
    }
}
