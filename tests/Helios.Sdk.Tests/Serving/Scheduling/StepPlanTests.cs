using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>What a plan refuses, asked by a scheduler that does as the test says.</summary>
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

    [Fact]
    public void A_request_that_fails_at_its_start_ends_once_however_often_it_is_proposed()
    {
        var asked = new Script();
        using var rig = new LoopRig(scheduler: asked).Serve();
        var foreign = rig.Submit([1], 1, fingerprint: "other");
        asked.Then = plan =>
        {
            plan.TryAdd(foreign.Id, 1).Should().Be(PlanResult.NotRunnable);
            plan.TryAdd(foreign.Id, 1).Should().Be(PlanResult.NotRunnable);
        };
        rig.Step();

        foreign.Output.Progress.End!.Error.Should().BeOfType<HeliosException>();
        rig.Observer.Ended.Should().ContainSingle();
    }

    [Fact]
    public void A_newcomer_leaves_those_that_run_a_block_each_to_grow_into()
    {
        // 20 blocks of 16 tokens at 6 layers.
        var asked = new Script();
        using var rig = new LoopRig(budget: 10 * 16 * 6 * 8 * 2, slabBytes: 16 * 6 * 8 * 2, scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(150, 1), 4);
        var b = rig.Submit(LoopRig.Prompt(140, 2), 4);
        var c = rig.Submit(LoopRig.Prompt(1, 3), 4);
        var results = new List<PlanResult>();
        asked.Then = plan => results.AddRange([plan.TryAdd(a.Id, 1), plan.TryAdd(b.Id, 1), plan.TryAdd(c.Id, 1)]);
        rig.Step();
        rig.Blocks.Obtainable(a.KvParts.All[0].Shape).Should().Be(1);
        rig.Blocks.Possible(a.KvParts.All[0].Shape).Should().Be(20);

        results.Should().Equal([PlanResult.Added, PlanResult.Added, PlanResult.NoBlocks], "10 and 9 blocks are taken, and two run");
        End(rig, a);
        asked.Then = plan => plan.TryAdd(c.Id, 1).Should().Be(PlanResult.Added);
        rig.Step();
        End(rig, b, c);
        rig.MustBeIdle();
    }

    [Fact]
    public void A_share_of_all_blocks_stays_free_unless_nobody_runs()
    {
        var asked = new Script();
        using var rig = new LoopRig(new ServingOptions { KvWatermark = 0.5 }, budget: 10 * 16 * 6 * 8 * 2, slabBytes: 16 * 6 * 8 * 2, scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(12 * 16, 1), 4);
        var b = rig.Submit(LoopRig.Prompt(1, 2), 4);
        asked.Then = plan =>
        {
            plan.TryAdd(a.Id, 1).Should().Be(PlanResult.Added, "it runs alone");
            plan.TryAdd(b.Id, 1).Should().Be(PlanResult.NoBlocks);
        };
        rig.Step();
        End(rig, a, b);
    }

    [Fact]
    public void Who_was_preempted_produces_a_token_before_it_is_preempted_again()
    {
        var asked = new Script();
        using var rig = new LoopRig(scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(20, 1), 4);
        Plan(plan => plan.TryAdd(a.Id, 8));
        Plan(plan =>
        {
            plan.Preempt(a.Id).Should().BeTrue("it was never preempted");
            plan.Preempt(a.Id).Should().BeFalse("it holds no KV");
            plan.TryAdd(a.Id, 15);
        });
        Plan(plan =>
        {
            plan.Preempt(a.Id).Should().BeFalse("it has produced nothing since");
            plan.TryAdd(a.Id, 5);
        });
        a.Known.Should().Be(21);
        Plan(plan => plan.Preempt(a.Id).Should().BeTrue("a token came out"));
        End(rig, a);

        void Plan(Action<StepPlanBuilder> then)
        {
            asked.Then = then;
            rig.Step();
        }
    }

    [Fact]
    public void A_scheduler_learns_which_rows_were_computed_before()
    {
        var asked = new Script();
        using var rig = new LoopRig(scheduler: asked).Serve();
        var a = rig.Submit(LoopRig.Prompt(20, 1), 4);
        asked.Then = plan => plan.TryAdd(a.Id, 8);
        rig.Step();
        asked.Then = plan =>
        {
            plan.Preempt(a.Id);
            plan.TryAdd(a.Id, 20);
        };
        rig.Step();
        asked.Outcomes.Should().Equal(new StepOutcome(a.Id, 8, 0, false), new StepOutcome(a.Id, 20, 8, true));
        End(rig, a);
    }

    [Fact]
    public void Prompts_join_rows_that_decode_as_far_as_steps_that_ran_say()
    {
        // Every row takes a millisecond, whatever it is.
        var clock = new ManualClock();
        var asked = new Script();
        using var rig = new LoopRig(new ServingOptions { MaxDecodeStretch = 2, MaxRowsPerStep = 200 }, scheduler: asked, time: clock).Serve();
        rig.Model.OnStep = rows => clock.Advance(TimeSpan.FromMilliseconds(rows));
        var decoding = Enumerable.Range(0, 8).Select(i => rig.Submit(LoopRig.Prompt(4, i), 400)).ToList();
        var prompt = rig.Submit(LoopRig.Prompt(1500, 9), 4);
        var allowed = new List<int>();
        for (var step = 0; step < 60; step++)
        {
            asked.Then = plan =>
            {
                plan.PromptRows.Should().Be(200, "nobody decodes yet");
                foreach (var sequence in decoding) plan.TryAdd(sequence.Id, 100);
                allowed.Add(plan.PromptRows);
                if (step == 0 || plan.PromptRows == 0) return;
                plan.TryAdd(prompt.Id, plan.PromptRows);
                plan.PromptRows.Should().Be(0, "that was all");
            };
            rig.Step();
        }

        allowed[0].Should().Be(200 - 8 * 4, "their prompts were rows as any others");
        allowed[1].Should().Be(0, "a step that only decodes comes first");
        allowed[2].Should().Be(16);
        allowed[^1].Should().Be(8, "16 rows take twice as long as 8");
        End(rig, [.. decoding, prompt]);
    }

    private static void End(LoopRig rig, params Sequence[] sequences)
    {
        foreach (var sequence in sequences) rig.Loop.Cancel(sequence);
        rig.Step();
        foreach (var sequence in sequences) sequence.Output.Progress.End.Should().NotBeNull();
    }

    private sealed class Script : IScheduler
    {
        public List<StepOutcome> Outcomes { get; } = [];

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

        public void Commit(in StepOutcome outcome) => Outcomes.Add(outcome);
    }
}
