using Helios.Sdk.BackendShared;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Model;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Tests.Model;

public sealed class AttentionIndexTests : IDisposable
{
    private const int Length = 60;
    private readonly RandomCheckpoint checkpoint = new(RandomCheckpoint.Architecture());
    private readonly TorchSharpBackend backend = TorchUnderTest.OnCpu();
    private readonly MemoryBudget budget = new(1L << 32);
    private readonly IFixedPart fixedPart;
    private readonly Memory.TorchKvStore kv;
    private readonly StepConstants constants;
    private readonly TorchStepRows rows;

    // Three sequences: two rows, three, and two, behind each other in one slab.
    public AttentionIndexTests()
    {
        var a = checkpoint.Info.Architecture;
        fixedPart = Session.Wait(backend.Loader.LoadFixedAsync(checkpoint, Precision.Fp32, budget.TryReserve(backend.Loader.Measure(checkpoint, Precision.Fp32).FixedBytes)!, default));
        var shape = new KvShape(1, a.KvHeads, a.HeadDim);
        using (var probe = backend.CreateKvStore(1, 16)) kv = (Memory.TorchKvStore)backend.CreateKvStore(12 * probe.BlockBytes(shape), 16);
        kv.AddSlab(budget.TryReserve(kv.SlabBytes)!);
        constants = new StepConstants((TorchFixedPart)fixedPart, kv, TorchDevice.Open("cpu"));
        using (var scope = torch.NewDisposeScope()) constants.Tokens(0).copy_(torch.randn(12 * 16, 2 * a.KvSize));
        rows = new TorchStepRows(a, kv, 16);
        rows.Begin(new StepBatch
        {
            Rows = [new(1, 40, 0, 1), new(1, 41, 0, 1), new(1, 3, 4, 1), new(1, 4, 4, 1), new(1, Length - 1, 4, 1), new(1, 20, 8, 1), new(1, 50, 8, 1)],
            Blocks = Enumerable.Range(0, 12).Select(block => new KvBlock(0, block)).ToArray(),
        });
    }

    [SkippableFact]
    public void However_many_tiles_and_whether_masks_are_kept_the_result_is_the_same()
    {
        using var scope = torch.NewDisposeScope();
        var queries = torch.randn(7, checkpoint.Info.Architecture.QuerySize);
        using var together = Index(long.MaxValue / 4);
        using var apart = Index(1);
        var difference = (together.Attend(0, queries) - apart.Attend(0, queries)).abs().max().item<float>();
        difference.Should().BeLessThan(1e-5f);
    }

    [SkippableFact]
    public void A_tile_leaves_nothing_but_its_result()
    {
        using var scope = torch.NewDisposeScope();
        using var index = Index(1);
        var queries = torch.randn(7, checkpoint.Info.Architecture.QuerySize);
        var before = scope.DisposablesCount;
        _ = index.Attend(0, queries);
        (scope.DisposablesCount - before).Should().Be(7 + 1, "seven rows are seven tiles, and then all of them");
    }

    public void Dispose()
    {
        constants.Dispose();
        kv.Dispose();
        fixedPart.Dispose();
        backend.AllocatedBytes.Should().Be(0);
        budget.Used.Should().Be(0);
        backend.Dispose();
        checkpoint.Dispose();
    }

    private AttentionIndex Index(long mostBytes) => new(constants, checkpoint.Info.Architecture, rows, layers: 1, mostBytes);
}
