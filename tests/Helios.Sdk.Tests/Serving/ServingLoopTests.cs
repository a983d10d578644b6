using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving;

/// <summary>The loop, stepped by hand over fake models.</summary>
public class ServingLoopTests
{
    private static readonly FakeTokenizer Tokenizer = new();

    [Fact]
    public void Requests_join_and_leave_between_steps()
    {
        using var rig = new LoopRig(new ServingOptions { MaxDecodeStretch = double.PositiveInfinity }).Serve();
        var first = rig.Submit(LoopRig.Prompt(10, 1), 20);
        rig.Step();
        rig.Step();
        var second = rig.Submit(LoopRig.Prompt(10, 2), 5);
        rig.Step();
        rig.Observer.Last.Rows.Should().Be(11, "one decodes beside the other's prompt");
        for (var i = 0; i < 4; i++) rig.Step();
        rig.Loop.Sequences.Count.Should().Be(1, "the second is done");
        rig.RunToEnd();

        LoopRig.MustBeRight(first);
        LoopRig.MustBeRight(second);
        rig.Observer.Ended.Select(ended => ended.Sequence).Should().Equal(second, first);
        rig.Observer.Ended.Should().OnlyContain(ended => ended.Outcome.IsCompleted);
        rig.Observer.Tokens.Should().Be(25);
        rig.MustBeIdle();
        rig.Step().Should().BeFalse();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Whatever_arrives_is_answered_rightly_with_little_memory(int seed)
    {
        var random = new Random(seed);
        var options = new ServingOptions { MaxBatchSize = random.Next(2, 12), MaxRowsPerStep = random.Next(12, 80) };
        using var rig = new LoopRig(options, budget: 5 << 13, slabBytes: 1 << 13);
        var routes = new[] { rig.Route(6, "top1:0.5"), rig.Route(4), rig.Route(2), rig.Route(6) };
        var sequences = new List<Sequence>();
        for (var step = 0; sequences.Count < 60 || rig.Loop.Sequences.Count > 0; step++)
        {
            if (step == 20_000) Assert.Fail("Somebody starves.");
            if (sequences.Count < 60 && random.Next(3) == 0)
            {
                rig.Routes.Publish(routes[random.Next(routes.Length)]);
                sequences.Add(rig.Submit(LoopRig.Prompt(random.Next(1, 70), sequences.Count), random.Next(1, 60)));
            }

            rig.Step();
        }

        sequences.ForEach(LoopRig.MustBeRight);
        rig.MustBeIdle();
    }

    [Fact]
    public void A_request_is_cancelled_wherever_it_is()
    {
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 2, MaxRowsPerStep = 8, MaxDecodeStretch = double.PositiveInfinity }).Serve();
        var decoding = rig.Submit(LoopRig.Prompt(4, 1), 20);
        rig.Step();
        var prefilling = rig.Submit(LoopRig.Prompt(40, 2), 20);
        var waiting = rig.Submit(LoopRig.Prompt(4, 3), 20);
        rig.Step();
        prefilling.Computed.Should().BeInRange(1, 39);
        waiting.Kv.Should().BeNull();

        rig.Loop.Cancel(waiting);
        rig.Loop.Cancel(prefilling);
        rig.Loop.Cancel(prefilling);
        rig.Step();
        rig.Loop.Sequences.Count.Should().Be(1);
        rig.Loop.Cancel(decoding);
        rig.Step().Should().BeFalse();

        rig.MustBeIdle();
        foreach (var sequence in new[] { decoding, prefilling, waiting }) sequence.Output.Progress.End!.Error.Should().BeOfType<OperationCanceledException>();
        rig.Observer.Ended.Should().HaveCount(3).And.OnlyContain(ended => ended.Outcome.Error is OperationCanceledException);
    }

    [Fact]
    public void A_cancelled_request_frees_its_place_for_one_that_waits()
    {
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 1, MaxRowsPerStep = 8 }).Serve();
        var first = rig.Submit(LoopRig.Prompt(4, 1), 1000);
        var second = rig.Submit(LoopRig.Prompt(4, 2), 5);
        rig.Step();
        rig.Loop.Cancel(first);
        rig.Loop.Cancel(first);
        rig.RunToEnd();
        LoopRig.MustBeRight(second);
    }

    [Fact]
    public void Cancelling_one_that_has_ended_is_harmless()
    {
        using var rig = new LoopRig().Serve();
        var sequence = rig.Submit(LoopRig.Prompt(4, 1), 2);
        rig.RunToEnd();
        rig.Loop.Cancel(sequence);
        rig.Step();
        LoopRig.Reason(sequence).Should().Be(FinishReason.Length);
        rig.Observer.Ended.Should().ContainSingle();
    }

    [Fact]
    public void A_backend_that_throws_fails_the_sequences_of_its_step_and_no_others()
    {
        using var rig = new LoopRig();
        var broken = rig.AddModel("broken");
        var good = rig.Route();
        var bad = rig.Route(model: broken);
        var served = Enumerable.Range(0, 3).Select(i => rig.Submit(LoopRig.Prompt(5 + i, i), 20, pinned: good)).ToList();
        var failing = Enumerable.Range(0, 3).Select(i => rig.Submit(LoopRig.Prompt(5 + i, i), 20, pinned: bad)).ToList();
        for (var i = 0; i < 3; i++) rig.Step();
        var used = rig.Blocks.UsedBytes;
        broken.FailsOn = _ => true;
        rig.Step();

        rig.Loop.Sequences.Count.Should().Be(3);
        rig.Blocks.UsedBytes.Should().Be(used / 2);
        foreach (var sequence in failing)
        {
            var error = sequence.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Subject;
            error.Message.Should().Contain("broken").And.Contain("unplugged");
            error.InnerException.Should().BeOfType<IOException>();
        }

        broken.FailsOn = null;
        var later = rig.Submit(LoopRig.Prompt(5, 9), 5, pinned: bad);
        rig.RunToEnd();
        served.ForEach(LoopRig.MustBeRight);
        LoopRig.MustBeRight(later);
        rig.MustBeIdle();
    }

    [Fact]
    public void An_end_of_sequence_id_ends_an_answer_and_adds_no_text()
    {
        var (prompt, answer) = Foreseen();
        var end = answer[4];
        using var rig = new LoopRig();
        rig.Serve(model: rig.AddModel("ends", endOfSequence: [end, 1000]));
        var sequence = rig.Submit(prompt, 20);
        var ignoring = rig.Submit(prompt, 20, request => request with { IgnoreEndOfSequence = true });
        rig.RunToEnd();

        var first = Array.IndexOf(answer, end);
        LoopRig.Tokens(sequence).Should().Equal(answer[..(first + 1)], "the id itself is part of the ids");
        LoopRig.Reason(sequence).Should().Be(FinishReason.Stop);
        TextOf(sequence).Should().Be(Tokenizer.Decode(answer[..first]));
        LoopRig.MustBeRight(ignoring);
        TextOf(ignoring).Should().Be(Tokenizer.Decode(answer));
    }

    [Fact]
    public void A_stop_string_across_tokens_ends_an_answer_before_it()
    {
        var (prompt, answer) = Foreseen();
        var text = Tokenizer.Decode(answer);
        using var rig = new LoopRig().Serve();
        var sequence = rig.Submit(prompt, 20, request => request with { Stop = ["never!", text[6..9]] });
        rig.RunToEnd();

        LoopRig.Reason(sequence).Should().Be(FinishReason.Stop);
        LoopRig.Tokens(sequence).Should().Equal(answer[..9]);
        TextOf(sequence).Should().Be(text[..6]);
    }

    [Fact]
    public void A_stop_string_on_the_last_token_is_a_stop()
    {
        var (prompt, answer) = Foreseen();
        using var rig = new LoopRig().Serve();
        var sequence = rig.Submit(prompt, 9, request => request with { Stop = [Tokenizer.Decode(answer[6..9])] });
        rig.RunToEnd();
        LoopRig.Reason(sequence).Should().Be(FinishReason.Stop);
        TextOf(sequence).Should().Be(Tokenizer.Decode(answer[..6]));
    }

    [Fact]
    public void The_last_token_and_the_end_are_seen_together()
    {
        // A reader that wakes up for the last token must find that it is the last.
        using var rig = new LoopRig().Serve();
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 3);
        var counts = new List<(int Count, bool Ended)>();
        rig.Observer.OnToken = _ => counts.Add((sequence.Output.Progress.Count, sequence.Output.Progress.End is not null));
        rig.RunToEnd();
        counts.Should().Equal([(0, false), (1, false), (2, false)], "a token shows when it is known whether it is the last");
        sequence.Output.Progress.Count.Should().Be(3);
        sequence.Output.Progress.End.Should().NotBeNull();
    }

    [Fact]
    public void Requests_wait_for_the_first_model()
    {
        using var rig = new LoopRig();
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 5);
        rig.Step().Should().BeFalse();
        rig.Loop.Sequences.Count.Should().Be(1);
        rig.Serve();
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void When_nothing_will_ever_serve_requests_learn_why()
    {
        using var rig = new LoopRig();
        var before = rig.Submit(LoopRig.Prompt(5, 1), 5);
        rig.Step();
        rig.Loop.Refuse(new HeliosException("No model fits."));
        rig.Step();
        var after = rig.Submit(LoopRig.Prompt(5, 1), 5);
        rig.Step();

        foreach (var sequence in new[] { before, after }) sequence.Output.Progress.End!.Error!.Message.Should().Be("No model fits.");
        rig.MustBeIdle();
    }

    [Fact]
    public void When_nothing_will_ever_serve_one_that_runs_on_a_claim_of_its_own_ends_once_too()
    {
        using var rig = new LoopRig();
        var pinned = rig.Submit(LoopRig.Prompt(5, 1), 5, pinned: rig.Route());
        rig.Step().Should().BeTrue();
        rig.Loop.Refuse(new HeliosException("No model fits."));
        rig.Step().Should().BeFalse();

        pinned.Output.Progress.End!.Error!.Message.Should().Be("No model fits.");
        rig.Observer.Ended.Should().ContainSingle();
        rig.MustBeIdle();
    }

    [Fact]
    public void A_prompt_whose_KV_never_fits_fails_and_the_others_go_on()
    {
        using var rig = new LoopRig(budget: 1 << 13, slabBytes: 1 << 12).Serve();
        var before = rig.Submit(LoopRig.Prompt(20, 1), 20);
        var huge = rig.Submit(LoopRig.Prompt(1000, 2), 20);
        var after = rig.Submit(LoopRig.Prompt(20, 3), 20);
        rig.RunToEnd();

        huge.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Contain("1000 tokens").And.Contain("fake@6");
        LoopRig.MustBeRight(before);
        LoopRig.MustBeRight(after);
        rig.MustBeIdle();
    }

    [Fact]
    public void An_answer_that_outgrows_all_memory_fails_and_is_never_stuck()
    {
        // 10 blocks of 16 tokens: the prompts fit, the answers do not.
        using var rig = new LoopRig(budget: 1 << 13, slabBytes: 1 << 12).Serve();
        var first = rig.Submit(LoopRig.Prompt(20, 1), 400);
        var second = rig.Submit(LoopRig.Prompt(20, 2), 400);
        var fits = rig.Submit(LoopRig.Prompt(20, 3), 20);
        rig.RunToEnd(2000);

        foreach (var sequence in new[] { first, second }) sequence.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Contain("memory budget");
        LoopRig.MustBeRight(fits);
        rig.MustBeIdle();
    }

    [Fact]
    public void One_that_finds_no_memory_because_others_hold_it_for_a_while_waits()
    {
        using var rig = new LoopRig(budget: 1 << 13, slabBytes: 1 << 12).Serve();
        var scoring = new BlockTable(new KvShape(1, 2, 4), 64);
        rig.Blocks.TryGrow(scoring, 62 * 16).Should().BeTrue("both slabs are scoring's");
        var sequence = rig.Submit(LoopRig.Prompt(40, 1), 20);
        rig.Loop.Step();
        sequence.Output.Progress.End.Should().BeNull("the memory is coming back");

        rig.Blocks.Release(scoring);
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void The_engine_takes_KV_from_the_latest_arrival_and_the_answers_stay_the_same()
    {
        using var rig = new LoopRig().Serve(policy: "top1:0.5");
        var sequences = Enumerable.Range(0, 4).Select(i => rig.Submit(LoopRig.Prompt(10, i), 30)).ToList();
        for (var i = 0; i < 10; i++) rig.Step();
        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeTrue();
        sequences.Select(sequence => sequence.Kv is null).Should().Equal(false, false, false, true);
        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeTrue();
        sequences.Select(sequence => sequence.Kv is null).Should().Equal(false, false, true, true);
        rig.RunToEnd();

        sequences.ForEach(LoopRig.MustBeRight);
        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeFalse();
    }

    [Fact]
    public void Memory_is_not_taken_for_a_load_that_a_live_answer_comes_back_for()
    {
        using var rig = new LoopRig(budget: 4 << 13, slabBytes: 1 << 13).Serve();
        var memory = new KvReclaimer(rig.Budget, rig.Blocks, rig.Loop.Sequences, rig.Routes, rig.Work) { MaxRowsPerStep = 64 };
        var sequence = rig.Submit(LoopRig.Prompt(40, 1), 200);
        for (var i = 0; i < 5; i++) rig.Step();
        rig.Loop.Sequences.PreemptLeast(rig.Blocks).Should().BeTrue();

        using (var load = memory.Reserve(3 << 13, kvBytes: 0).Reservation)
        {
            load.Should().BeNull("240 tokens take two slabs");
            rig.RunToEnd();
        }

        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void Nobody_is_preempted_for_a_load_that_pinned_blocks_leave_no_room_for()
    {
        using var rig = new LoopRig(budget: 4 << 13, slabBytes: 1 << 13).Serve();
        var memory = new KvReclaimer(rig.Budget, rig.Blocks, rig.Loop.Sequences, rig.Routes, rig.Work) { MaxRowsPerStep = 64 };
        var pinned = new BlockTable(new KvShape(1, 1, 1), 1) { IsPinned = true };
        rig.Blocks.TryGrow(pinned, 1).Should().BeTrue();
        var sequence = rig.Submit(LoopRig.Prompt(20, 1), 10);
        rig.Loop.Step();

        memory.Reserve(3 << 13, kvBytes: 0).Should().Be(((MemoryReservation?)null, 2L << 13), "one slab is pinned, and the answer needs one");
        sequence.Kv.Should().NotBeNull();
        using (var load = memory.Reserve(2 << 13, kvBytes: 0).Reservation) load.Should().NotBeNull();

        rig.Blocks.Release(pinned);
        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void Urgent_work_runs_before_the_step_and_background_work_within_its_share()
    {
        using var rig = new LoopRig().Serve();
        var order = new List<string>();
        _ = rig.Work.RunUrgentAsync(() => Note(order, "urgent"));
        _ = rig.Work.RunInBackgroundAsync(() => Note(order, $"background after {rig.Loop.State.Steps} steps"));
        rig.Submit(LoopRig.Prompt(5, 1), 2);
        rig.Step();
        order.Should().Equal("urgent", "background after 1 steps");
        rig.RunToEnd();
    }

    [Fact]
    public void Draining_ends_live_requests_and_aborting_cuts_them_short()
    {
        using var rig = new LoopRig().Serve();
        var whole = rig.Submit(LoopRig.Prompt(5, 1), 10);
        rig.Loop.Drain();
        rig.Loop.Run();
        LoopRig.MustBeRight(whole);

        using var other = new LoopRig().Serve();
        var cut = other.Submit(LoopRig.Prompt(5, 1), 10);
        other.Step();
        var queued = other.Submit(LoopRig.Prompt(5, 1), 10);
        other.Loop.Abort();
        other.Loop.Run();
        LoopRig.Reason(cut).Should().Be(FinishReason.Aborted);
        LoopRig.Tokens(cut).Should().ContainSingle();
        LoopRig.Reason(queued).Should().Be(FinishReason.Aborted);
        other.MustBeIdle();
    }

    [Fact]
    public void A_request_that_comes_after_the_end_is_aborted_and_not_forgotten()
    {
        using var rig = new LoopRig();
        var route = rig.Serve().Routes.Current!.Serving;
        rig.Loop.Drain();
        rig.Loop.Run();
        var late = rig.Submit(LoopRig.Prompt(5, 1), 10, pinned: route);

        LoopRig.Reason(late).Should().Be(FinishReason.Aborted);
        route.Lease.Dispose();
        rig.Released.Should().Be(1, "its claim was given back");
    }

    [Fact]
    public async Task A_scheduler_that_throws_ends_the_loop_and_leaves_no_stream_waiting()
    {
        using var rig = new LoopRig(scheduler: new BrokenScheduler()).Serve();
        var sequence = rig.Submit(LoopRig.Prompt(5, 1), 10);
        var run = rig.Loop.Run;

        run.Should().Throw<InvalidOperationException>();
        sequence.Output.Progress.End!.Error.Should().BeOfType<HeliosException>().Which.Message.Should().Contain("out of its mind");
        var late = rig.Submit(LoopRig.Prompt(5, 1), 10);
        late.Output.Progress.End.Should().NotBeNull();
        var asked = () => rig.Work.RunUrgentAsync(() => 1);
        await asked.Should().ThrowAsync<OperationCanceledException>();
    }

    private static (int[] Prompt, int[] Answer) Foreseen()
    {
        var prompt = LoopRig.Prompt(11, 3);
        return (prompt, new FakeReference(LoopRig.Layers).Answer(prompt, 20).Tokens);
    }

    private static string TextOf(Sequence sequence) =>
        System.Text.Encoding.ASCII.GetString(sequence.Output.Text.Slice(0, sequence.Output.Text.SafeLength));

    private static int Note(List<string> order, string what)
    {
        order.Add(what);
        return 0;
    }

    private sealed class BrokenScheduler : IScheduler
    {
        public void Enqueue(in RequestInfo request)
        {
        }

        public void Remove(RequestId id)
        {
        }

        public void Plan(StepPlanBuilder plan) => throw new InvalidOperationException("The scheduler is out of its mind.");

        public void Commit(in StepOutcome outcome)
        {
        }
    }
}
