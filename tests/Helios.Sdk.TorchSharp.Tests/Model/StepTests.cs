using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Tests.Model;

/// <summary>What a step takes of torch, and gives back.</summary>
[Collection(Alone.Name)]
public sealed class StepTests
{
    [SkippableFact]
    public void Steps_leave_no_tensor_behind()
    {
        using var session = new Session(new TorchUnderTest(), Checkpoint(layers: 4));
        var step = new Decoder(session);
        step.Run(3);
        var before = Tensor.TotalCount;
        step.Run(10);
        Tensor.TotalCount.Should().Be(before);
    }

    [SkippableFact]
    public void A_session_leaves_no_tensor_behind()
    {
        var before = Tensor.TotalCount;
        using (var session = new Session(new TorchUnderTest(), Checkpoint(layers: 4))) new Decoder(session).Run(3);
        Tensor.TotalCount.Should().Be(before);
    }

    [SkippableFact]
    public void A_layer_more_takes_a_constant_number_of_tensors_more()
    {
        var counts = new[] { 2, 3, 4, 8 }.Select(TensorsOfAStep).ToArray();
        var perLayer = counts[1] - counts[0];
        perLayer.Should().BeInRange(10, 60);
        counts[2].Should().Be(counts[0] + 2 * perLayer);
        counts[3].Should().Be(counts[0] + 6 * perLayer);
    }

    [SkippableFact]
    public void Nothing_of_a_step_is_left_to_the_finalizer()
    {
        using var session = new Session(new TorchUnderTest(), Checkpoint(layers: 4));
        var step = new Decoder(session);
        step.Run(3);
        var statistics = DisposeScopeManager.Statistics;
        var (created, disposed) = Counts(statistics);
        step.Run(10);
        var (createdAfter, disposedAfter) = Counts(statistics);
        (createdAfter - created).Should().BePositive();
        (disposedAfter - disposed).Should().Be(createdAfter - created);
    }

    private static (long Created, long Disposed) Counts(ThreadDisposeScopeStatistics of) =>
        (of.TensorStatistics.CreatedInScopeCount + of.TensorStatistics.CreatedOutsideScopeCount,
         of.TensorStatistics.DisposedInScopeCount + of.TensorStatistics.DisposedOutsideScopeCount);

    private static long TensorsOfAStep(int layers)
    {
        using var session = new Session(new TorchUnderTest(), Checkpoint(layers));
        var step = new Decoder(session);
        step.Run(2);
        var before = Counts(DisposeScopeManager.Statistics).Created;
        step.Run(1);
        return Counts(DisposeScopeManager.Statistics).Created - before;
    }

    private static MemoryCheckpoint Checkpoint(int layers) => new(MemoryCheckpoint.Architecture(layers: layers));

    /// <summary>Two sequences that each get a token in a step.</summary>
    private sealed class Decoder(Session session)
    {
        private readonly KvBlock[] blocks = [.. session.Table(64), .. session.Table(64)];
        private readonly SampledToken[] tokens = new SampledToken[2];
        private int position;

        public void Run(int steps)
        {
            for (var end = position + steps; position < end; position++)
            {
                session.Model.Begin(new StepBatch { Rows = [new(5, position, 0, session.Depth), new(7, position, 4, session.Depth)], Blocks = blocks });
                session.Model.Run(LayerRange.To(session.Depth));
                session.Model.Retire([0, 1]);
                session.Model.Sample([new(0, 0, 0, 1, 0, ExitSignals.Top1), new(1, 0.8f, 40, 0.9f, 0.5, ExitSignals.None)], tokens);
            }
        }
    }
}

/// <summary>Tests that count what the whole process holds.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
