using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Backends;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

/// <summary>Probes of a model whose steps take what a clock says that the test moves.</summary>
public class StepProbeTests
{
    private const int MostRows = 64;

    [Fact]
    public async Task Steps_that_a_neighbour_held_up_are_no_cost_of_the_model()
    {
        var random = new Random(3);
        using var rig = new LoopRig();
        var (probe, clock) = Probe(rig);
        rig.Model.OnStep = rows => clock.Advance(StepOf(rows) * (random.Next(3) == 0 ? 30 : 1));

        var timings = await MeasureAsync(rig, probe);

        timings.Select(timing => timing.Rows).Distinct().Should().Equal(1, 2, 4, 8, 16, 32, 64);
        timings.Should().OnlyContain(timing => Math.Abs(timing.Times.Total - StepOf(timing.Rows).TotalSeconds) < 1e-9);
    }

    [Fact]
    public async Task Live_sequences_that_leave_little_memory_hide_no_batch_and_no_context()
    {
        using var rig = new LoopRig();
        var (probe, clock) = Probe(rig);
        rig.Model.OnStep = rows => clock.Advance(StepOf(rows));
        var shape = rig.Route().Lease.Served.KvParts(LoopRig.Layers).All[0].Shape;
        var live = new BlockTable(shape, capacity: 4096);
        rig.Blocks.TryGrow(live, (int)(rig.Blocks.Obtainable(shape) - 4) * rig.Blocks.TokensPerBlock).Should().BeTrue();

        var timings = await MeasureAsync(rig, probe);

        timings.Where(timing => timing.Rows == MostRows).Select(timing => timing.ContextTokens).Distinct().Should().Equal(MostRows, 64L * MostRows);
        rig.Blocks.Release(live);
        rig.MustBeIdle();
    }

    [Fact]
    public async Task Memory_that_comes_free_while_others_are_served_is_waited_for()
    {
        using var rig = new LoopRig();
        var (probe, clock) = Probe(rig);
        rig.Model.OnStep = rows => clock.Advance(StepOf(rows));
        var shape = rig.Route().Lease.Served.KvParts(LoopRig.Layers).All[0].Shape;
        var live = new BlockTable(shape, capacity: 4096);
        rig.Blocks.TryGrow(live, (int)rig.Blocks.Obtainable(shape) * rig.Blocks.TokensPerBlock).Should().BeTrue();
        var attempts = 0;

        var timings = await MeasureAsync(rig, probe, () =>
        {
            if (++attempts == 20) rig.Blocks.Release(live);
        });

        timings.Should().NotBeEmpty();
        attempts.Should().BeGreaterThan(20);
    }

    /// <summary>The pool may move blocks between two steps of a probe, and gives their former places to others.</summary>
    [Fact]
    public async Task Blocks_that_move_meanwhile_are_written_where_they_lie()
    {
        using var rig = new LoopRig();
        var (probe, clock) = Probe(rig);
        rig.Model.OnStep = rows => clock.Advance(StepOf(rows));
        var shape = rig.Route().Lease.Served.KvParts(LoopRig.Layers).All[0].Shape;
        var (first, second) = (new BlockTable(shape, capacity: 64), new BlockTable(shape, capacity: 64));
        var slab = (int)(rig.Blocks.BytesPerSlab / rig.Blocks.BlockBytes(shape));
        rig.Blocks.TryGrow(first, slab / 2 * rig.Blocks.TokensPerBlock).Should().BeTrue();
        rig.Blocks.TryGrow(second, (slab - slab / 2) * rig.Blocks.TokensPerBlock).Should().BeTrue();
        var before = rig.Store.LiveSlabs;
        var items = 0;

        var timings = await MeasureAsync(rig, probe, () =>
        {
            if (++items != 10) return;
            rig.Store.LiveSlabs.Should().Be(before + 1, "the probe has blocks in a slab of its own");
            rig.Blocks.Release(second);
            rig.Blocks.Trim(rig.Budget.Free + 1);
            rig.Store.LiveSlabs.Should().Be(before, "they moved into the other slab");
        });

        timings.Select(timing => timing.Rows).Distinct().Should().Equal(1, 2, 4, 8, 16, 32, 64);
        rig.Blocks.Release(first);
        rig.MustBeIdle();
    }

    [Fact]
    public async Task Long_steps_are_not_repeated_and_end_it()
    {
        using var rig = new LoopRig();
        var (probe, clock) = Probe(rig);
        var steps = 0;
        rig.Model.OnStep = rows =>
        {
            steps++;
            clock.Advance(TimeSpan.FromMilliseconds(100 * rows));
        };

        var timings = await MeasureAsync(rig, probe);

        timings.Max(timing => timing.Rows).Should().Be(4);
        steps.Should().Be(1 + 3 * 2 * 2);
    }

    private static TimeSpan StepOf(int rows) => TimeSpan.FromMicroseconds(100 + 10 * rows);

    private static (StepProbe Probe, ManualClock Clock) Probe(LoopRig rig)
    {
        var clock = new ManualClock();
        return (new StepProbe(rig.Blocks, rig.Work, clock), clock);
    }

    private static async Task<IReadOnlyList<StepTiming>> MeasureAsync(LoopRig rig, StepProbe probe, Action? between = null)
    {
        var measuring = probe.MeasureAsync(rig.Route().Lease, MostRows, CancellationToken.None);
        while (!measuring.IsCompleted)
        {
            rig.Work.RunUrgent();
            if (rig.Work.TryRunBackground(idle: true)) between?.Invoke();
            else await Task.Yield();
        }

        return await measuring;
    }
}
