using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Tests.Model;

/// <summary>Whose memory outlives a step, and whose does not.</summary>
[Collection(Alone.Name)]
public sealed class StepMemoryTests
{
    [SkippableFact]
    public void A_slab_that_the_last_step_used_is_freed_when_it_is_removed()
    {
        using var session = new Session(new TorchUnderTest(), new MemoryCheckpoint(MemoryCheckpoint.Architecture()), variant: "cpu", blocks: 20_000);
        session.Kv.SlabBytes.Should().BeGreaterThan(64 << 20, "what else the process allocates must not matter");
        session.Run(session.Table(20), [1, 2, 3], 0);
        var before = Environment.WorkingSet;
        session.Kv.RemoveSlab(0);
        (before - Environment.WorkingSet).Should().BeGreaterThan(session.Kv.SlabBytes / 2);
    }

    [SkippableFact]
    public void A_step_that_fails_leaves_no_tensor_to_the_finalizer_and_the_next_one_runs()
    {
        using var session = new Session(new TorchUnderTest(), new MemoryCheckpoint(MemoryCheckpoint.Architecture()));
        session.Kv.AddSlab(session.Budget.TryReserve(session.Kv.SlabBytes)!).Should().Be(1);
        var expected = session.Run(session.Table(20), [1, 2, 3], 0);
        KvBlock[] table = [new(1, 0), new(0, 30)];
        for (var round = 0; round < 2; round++)
        {
            var before = Live();
            if (round > 0) session.Kv.AddSlab(session.Budget.TryReserve(session.Kv.SlabBytes)!);
            session.Model.Begin(new StepBatch { Rows = [new(1, 16, 0, session.Depth), new(2, 17, 0, session.Depth)], Blocks = table });
            session.Kv.RemoveSlab(1);
            session.Model.Invoking(model => model.Run(LayerRange.To(session.Depth))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*no such KV slab*");
            session.MustBeSame(session.Run(session.Table(20), [1, 2, 3], 0), expected);
            if (round > 0) Live().Should().Be(before);
        }
    }

    // Tensors made on this thread and disposed by none: what the finalizer frees counts on its own thread.
    private static long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
}
