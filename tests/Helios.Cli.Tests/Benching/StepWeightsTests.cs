using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Cpu;
using Helios.Sdk.Models;

namespace Helios.Cli.Tests.Benching;

public sealed class StepWeightsTests
{
    private static readonly ModelShape Shape = ModelShape.Parse("llama:layers=2,hidden=64,heads=4,kv=2,ffn=96,vocab=100");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_norm_and_head_are_read_whichever_exits_have_their_own(int depth)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using var plain = new RandomCheckpoint(Shape);
        using var exits = new WithExit(plain);
        backend.Loader.Measure(exits, Precision.Bf16).LayerBytes[0].Should().BeGreaterThan(backend.Loader.Measure(plain, Precision.Bf16).LayerBytes[0]);
        StepWeights.Measure(backend.Loader, exits, Precision.Bf16, depth).Should().Be(StepWeights.Measure(backend.Loader, plain, Precision.Bf16, depth));
    }

    /// <summary>The same model with an exit of its own behind the first layer.</summary>
    private sealed class WithExit(ICheckpoint checkpoint) : ICheckpoint
    {
        public CheckpointInfo Info => checkpoint.Info;

        public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => key switch
        {
            { Role: TensorRole.ExitNorm, Layer: 0 } => checkpoint.TryGetTensor(key with { Role = TensorRole.FinalNorm, Layer = -1 }, out tensor),
            { Role: TensorRole.ExitHead, Layer: 0 } => checkpoint.TryGetTensor(key with { Role = TensorRole.Head, Layer = -1 }, out tensor),
            _ => checkpoint.TryGetTensor(key, out tensor),
        };

        public void Read(StoredTensor tensor, long offset, Span<byte> destination) => checkpoint.Read(tensor, offset, destination);

        public void Dispose()
        {
        }
    }
}
