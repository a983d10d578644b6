using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>What a plan refuses, asked by a scheduler that does as it is told.</summary>
public class StepPlanTests
{
    [Fact]
    public void It_refuses_over_commit_and_nonsense_and_says_which()
    {
        var results = new List<object>();
        var asked = new Script();
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 2, MaxRowsPerStep = 8 }, budget: 1 << 12, slabBytes: 1 << 12, scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(6, 1), 4);
        var b = rig.Submit(LoopRig.Prompt(6, 2), 4);
        var c = rig.Submit(LoopRig.Prompt(6, 3), 4);
        var huge = rig.Submit(LoopRig.Prompt(200, 4), 4);
        asked.Then = plan =>
        {
            results.Add(plan.RowsLeft);
            results.Add(plan.Progress(a.Id));
            results.Add(plan.Progress(new RequestId(99)));
            results.Add(plan.TryAdd(new RequestId(99), 1));
            results.Add(plan.TryAdd(huge.Id, 1));
            results.Add(plan.Preempt(a.Id));
            results.Add(plan.TryAdd(a.Id, 100));
            results.Add(plan.TryAdd(a.Id, 100));
            results.Add(plan.Preempt(a.Id));
            results.Add(plan.TryAdd(b.Id, 1));
            results.Add(plan.TryAdd(c.Id, 1));
            results.Add(plan.RowsLeft);
        };
        rig.Step().Should().BeTrue();

        results.Should().Equal(
            8, new RequestProgress(6, 0), default(RequestProgress), PlanResult.NotRunnable, PlanResult.NoBlocks, false, PlanResult.Added,
            PlanResult.NotRunnable, false, PlanResult.Added, PlanResult.NoSequences, 1);
        a.Known.Should().Be(7, "the whole prompt ran, and a token came out");
        b.Known.Should().Be(6);
        b.Computed.Should().Be(1);
        End(rig, a, b, c, huge);
    }

    [Fact]
    public void A_step_has_no_more_rows_than_it_may()
    {
        var asked = new Script();
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 8, MaxRowsPerStep = 8 }, scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(20, 1), 4);
        var b = rig.Submit(LoopRig.Prompt(20, 2), 4);
        PlanResult? second = null;
        asked.Then = plan =>
        {
            plan.TryAdd(a.Id, 20).Should().Be(PlanResult.Added);
            second = plan.TryAdd(b.Id, 20);
        };
        rig.Step();

        second.Should().Be(PlanResult.NoRows);
        a.Computed.Should().Be(8);
        End(rig, a, b);
    }

    [Fact]
    public void Less_than_a_row_is_a_bug_of_the_scheduler()
    {
        var asked = new Script();
        using var rig = new LoopRig(scheduler: asked).Serve();
        var a = rig.Submit([1], 1);
        asked.Then = plan =>
        {
            var none = () => plan.TryAdd(a.Id, 0);
            none.Should().Throw<ArgumentOutOfRangeException>();
        };
        rig.Step();
        End(rig, a);
    }

    private static void End(LoopRig rig, params Sequence[] sequences)
    {
        foreach (var sequence in sequences) rig.Loop.Cancel(sequence);
        rig.Step();
        rig.MustBeIdle();
    }

    private sealed class Script : IScheduler
    {
        public Action<StepPlanBuilder>? Then { get; set; }

        public void Enqueue(in RequestInfo request)
        {
        }

        public void Remove(RequestId id)
        {
        }

        public void Plan(StepPlanBuilder plan)
        {
            Then?.Invoke(plan);
            Then = null;
        }

        public void Commit(in StepOutcome outcome)
        {
        }
    }
}
