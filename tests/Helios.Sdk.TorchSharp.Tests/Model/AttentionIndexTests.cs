using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Memory;
using Helios.Sdk.TorchSharp.Model;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Tests.Model;

public sealed class AttentionIndexTests : IDisposable
{
    private const int Length = 60;
    private readonly MemoryCheckpoint checkpoint = new(MemoryCheckpoint.Architecture());
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
        var shape = new KvShape(1, a.Stack[0].Attention.KvHeads, a.Stack[0].Attention.HeadDim);
        using (var probe = backend.CreateKvStore(1, 16)) kv = (Memory.TorchKvStore)backend.CreateKvStore(12 * probe.BlockBytes(shape), 16);
        kv.AddSlab(budget.TryReserve(kv.SlabBytes)!);
        constants = new StepConstants((TorchFixedPart)fixedPart, kv, TorchDevice.Open("cpu"));
        using (var scope = torch.NewDisposeScope()) constants.Tokens(0, group: 0).copy_(torch.randn(12 * 16, 2 * a.Stack[0].Attention.KvSize));
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
        var queries = torch.randn(7, checkpoint.Info.Architecture.Stack[0].Attention.QuerySize);
        using var together = Index(long.MaxValue / 4);
        using var apart = Index(1);
        var difference = (together.Attend(Attention, 0, queries) - apart.Attend(Attention, 0, queries)).abs().max().item<float>();
        difference.Should().BeLessThan(1e-5f);
    }

    // Of the first sequence a window of 7 tokens lies in its third block; what is kept in those before may be of another sequence by now.
    [SkippableFact]
    public void Blocks_behind_a_window_are_not_read()
    {
        using var scope = torch.NewDisposeScope();
        var window = Attention with { Window = 7 };
        var queries = torch.randn(7, Attention.QuerySize);
        using var together = Index(long.MaxValue / 4, window);
        using var apart = Index(1, window);
        var expected = together.Attend(window, 0, queries);
        constants.Tokens(0, group: 0).narrow(0, 0, 32).fill_(float.NaN);
        foreach (var index in new[] { together, apart })
            (index.Attend(window, 0, queries) - expected).abs().max().item<float>().Should().BeLessThan(1e-5f);
    }

    // Seven blocks that follow each other, and the same in no order: three of 16 tokens of 1024 numbers are looked at where they lie.
    [SkippableTheory]
    [InlineData(null)]
    [InlineData(30)]
    public void Tokens_that_are_looked_at_where_they_lie_give_what_gathered_ones_give(int? window)
    {
        using var wide = new MemoryCheckpoint(MemoryCheckpoint.Architecture(heads: 16, kvHeads: 8, headDim: 64));
        var a = wide.Info.Architecture;
        using var part = Session.Wait(backend.Loader.LoadFixedAsync(wide, Precision.Fp32, budget.TryReserve(backend.Loader.Measure(wide, Precision.Fp32).FixedBytes)!, default));
        using var store = (Memory.TorchKvStore)backend.CreateKvStore(24L * 16 * 3 * 2 * a.Stack[0].Attention.KvSize * sizeof(float), 16);
        store.AddSlab(budget.TryReserve(store.SlabBytes)!);
        using var shared = new StepConstants((TorchFixedPart)part, store, TorchDevice.Open("cpu"));
        using var scope = torch.NewDisposeScope();
        shared.Tokens(0, group: 0).copy_(torch.randn(24 * 16 * 3, 2 * a.Stack[0].Attention.KvSize));
        int[] order = [0, 1, 2, 3, 4, 5, 6];
        int[] scattered = [23, 11, 20, 13, 15, 9, 18];
        foreach (var block in order) store.CopyBlock(new KvShape(3, a.Stack[0].Attention.KvHeads, a.Stack[0].Attention.HeadDim), new KvBlock(0, block), new KvBlock(0, scattered[block]));

        var attention = a.Stack[0].Attention with { Window = window };
        var queries = torch.randn(4, attention.QuerySize);
        var results = new[] { order, scattered }.Select(blocks =>
        {
            var some = new TorchStepRows(a, store, 8);
            some.Begin(new StepBatch
            {
                Rows = [new(1, 60, 0, 3), new(1, 46, 4, 3), new(1, 47, 4, 3), new(1, 50, 0, 3)],
                Blocks = blocks.Select(block => new KvBlock(0, block)).ToArray(),
            });
            using var index = new AttentionIndex(shared, some, AttentionKind.Of(attention, kvGroup: 0), layers: 3, long.MaxValue / 4);
            return Enumerable.Range(0, 3).Select(slot => index.Attend(attention, slot, queries)).ToArray();
        }).ToArray();
        for (var slot = 0; slot < 3; slot++)
            (results[0][slot] - results[1][slot]).abs().max().item<float>().Should().BeLessThan(1e-5f, $"slot {slot}");
    }

    [SkippableFact]
    public void A_tile_leaves_nothing_but_its_result()
    {
        using var scope = torch.NewDisposeScope();
        using var index = Index(1);
        var queries = torch.randn(7, checkpoint.Info.Architecture.Stack[0].Attention.QuerySize);
        var before = scope.DisposablesCount;
        _ = index.Attend(Attention, 0, queries);
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

    private AttentionLayout Attention => checkpoint.Info.Architecture.Stack[0].Attention;

    private AttentionIndex Index(long mostBytes, AttentionLayout? attention = null) => new(constants, rows, AttentionKind.Of(attention ?? Attention, kvGroup: 0), layers: 1, mostBytes);
}
