using Helios.Sdk.Checkpoints;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

public sealed class RealCheckpointTests
{
    [Fact]
    public void Tiny_s_opens_with_what_its_files_say()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-s"));
        var info = checkpoint.Info;

        info.Name.Should().Be("tiny-s");
        info.Path.Should().Be(TestData.Model("tiny-s"));
        info.Architecture.Should().Be(new LlamaShape
        {
            Layers = 6,
            HiddenSize = 160,
            Heads = 5,
            KvHeads = 5,
            HeadDim = 32,
            FeedForwardSize = 416,
            VocabularySize = 4096,
            ContextLength = 256,
            NormEpsilon = 1e-5f,
            RopeTheta = 10000,
            TiedHead = true,
        }.ToArchitecture());
        info.Exits.Should().Equal(new ModelExit(2), new ModelExit(3), new ModelExit(4), new ModelExit(5), new ModelExit(6));
        info.StoredType.Should().Be(TensorType.BF16);
        info.Parameters.Should().Be(2_469_920);
        info.EndOfSequenceIds.Should().Equal(4093);
        info.Calibration!.Signal.Should().Be(ExitSignalKind.Top1);
        info.Calibration.Curves.Keys.Should().BeEquivalentTo([2, 3, 4, 5]);
        info.Calibration.Curves[3][1].Should().Be(new CalibrationPoint(0.0828, 0.4569));
    }

    [Fact]
    public void A_tensor_comes_from_where_its_header_puts_it()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-s"));

        checkpoint.TryGetTensor(new TensorKey(TensorRole.Down, 5), out var down).Should().BeTrue();
        down.Should().Be(new StoredTensor("model.layers.5.mlp.down_proj.weight", 0, 6528 + 4806720, TensorType.BF16, 160, 416));
        var bytes = new byte[8];
        checkpoint.Read(down, 0, bytes);
        Convert.ToHexStringLower(bytes).Should().Be("8abdc0bdb8bd44bd"); // read from the file by another program
    }

    [Fact]
    public void Tiny_m_shares_key_heads_and_has_five_exits()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-m"), "medium");

        checkpoint.Info.Name.Should().Be("medium");
        checkpoint.Info.Architecture.Stack[0].Attention.KvSize.Should().Be(128);
        checkpoint.Info.Exits.Select(exit => exit.Depth).Should().Equal(3, 6, 8, 10, 12);
        checkpoint.Info.Parameters.Should().Be(18_625_024 / 2);
    }

    [Fact]
    public void Stories_without_a_sidecar_has_its_full_depth_alone()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("stories260K"));

        checkpoint.Info.Exits.Should().Equal(new ModelExit(5));
        checkpoint.Info.Calibration.Should().BeNull();
        checkpoint.Info.StoredType.Should().Be(TensorType.F32);
        checkpoint.Info.Architecture.Stack[0].Attention.HeadDim.Should().Be(8, "hidden_size / num_attention_heads where no head_dim is given");
        checkpoint.Info.Parameters.Should().Be(1_040_128 / 4);
        checkpoint.Info.EndOfSequenceIds.Should().Equal(2);
    }

    [Fact]
    public void A_tied_head_is_the_embedding()
    {
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-s"));

        checkpoint.TryGetTensor(new TensorKey(TensorRole.Embedding), out var embedding).Should().BeTrue();
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Head), out var head).Should().BeTrue();
        head.Should().Be(embedding);
        checkpoint.TryGetTensor(new TensorKey(TensorRole.ExitHead, 1), out _).Should().BeFalse();
        checkpoint.TryGetTensor(new TensorKey(TensorRole.Query, 6), out _).Should().BeFalse();
    }
}
