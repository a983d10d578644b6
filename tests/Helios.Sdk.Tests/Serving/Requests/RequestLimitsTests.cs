using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tests.Serving.Fakes;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Requests;

/// <summary>Time in the queue, and time to the end, through the serving loop.</summary>
public class RequestLimitsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualClock clock = new();

    [Fact]
    public void Who_waits_too_long_is_turned_away_with_an_estimate()
    {
        using var rig = Rig(new ServingOptions { MaxBatchSize = 1, MaxQueueTime = 5 * Second });
        var first = rig.Submit([1, 2, 3], 3);
        rig.Model.OnStep = _ => clock.Advance(Second);
        rig.RunToEnd();
        rig.Model.OnStep = null;
        clock.Advance(TimeSpan.FromHours(1));
        var running = rig.Submit([1, 2, 3], 100);
        var waiting = rig.Submit([1, 2, 3], 3);
        rig.Step();
        clock.Advance(5 * Second - TimeSpan.FromTicks(1));
        rig.Step();
        waiting.Output.Progress.End.Should().BeNull("a moment is left");

        clock.Advance(TimeSpan.FromTicks(1));
        rig.Step();
        var busy = waiting.Output.Progress.End!.Error.Should().BeOfType<ServerBusyException>().Subject;
        busy.Message.Should().Contain("waited 5 s").And.Contain("Serving.MaxQueueTime");
        busy.RetryAfter.Should().BeGreaterThan(2 * Second).And.BeLessThan(4 * Second, "one waits, and one took three steps of a second; an hour with nothing to do says nothing");
        rig.RunToEnd();
        LoopRig.MustBeRight(first);
        LoopRig.MustBeRight(running);
        rig.Observer.Ended.Should().Contain(ended => ended.Sequence == waiting && ended.Outcome.Error is ServerBusyException);
        rig.MustBeIdle();
    }

    [Fact]
    public void Who_started_in_time_is_not_turned_away_even_after_a_preemption()
    {
        var scheduler = new ForcedPreemption();
        using var rig = Rig(new ServingOptions { MaxQueueTime = Second }, scheduler);
        var sequence = rig.Submit([1, 2, 3], 20);
        rig.Step();
        for (var i = 0; i < 10; i++)
        {
            clock.Advance(Second);
            rig.Loop.Sequences.PreemptLeast(rig.Blocks);
            rig.Step();
        }

        rig.RunToEnd();
        LoopRig.MustBeRight(sequence);
    }

    [Fact]
    public void When_its_time_is_up_what_was_generated_is_the_answer()
    {
        using var rig = Rig(new ServingOptions { MaxBatchSize = 1 });
        var running = rig.Submit([1, 2, 3], 100, request => request with { TimeLimit = 3 * Second });
        var waiting = rig.Submit([1, 2, 3], 100, request => request with { TimeLimit = 2 * Second });
        for (var i = 0; i < 3; i++)
        {
            rig.Step();
            clock.Advance(Second);
        }

        LoopRig.Reason(waiting).Should().Be(FinishReason.TimeLimit);
        LoopRig.Tokens(waiting).Should().BeEmpty();
        LoopRig.Reason(running).Should().BeNull();
        rig.Step().Should().BeFalse();

        LoopRig.Reason(running).Should().Be(FinishReason.TimeLimit);
        LoopRig.Tokens(running).Should().Equal(LoopRig.Expected(running, 3).Tokens);
        rig.Observer.Ended.Should().Equal((waiting, RequestOutcome.OutOfTime(hasBegun: false)), (running, RequestOutcome.OutOfTime(hasBegun: true)));
        rig.MustBeIdle();
    }

    [Fact]
    public void Both_limits_hold_for_one_request()
    {
        using var rig = Rig(new ServingOptions { MaxQueueTime = 2 * Second });
        var sequence = rig.Submit([1, 2, 3], 100, request => request with { TimeLimit = 4 * Second });
        for (var i = 0; i < 4; i++)
        {
            rig.Step();
            LoopRig.Reason(sequence).Should().BeNull();
            clock.Advance(Second);
        }

        rig.Step();
        LoopRig.Reason(sequence).Should().Be(FinishReason.TimeLimit);
        LoopRig.Tokens(sequence).Should().HaveCount(4);
    }

    [Fact]
    public void Ends_that_come_before_a_limit_are_forgotten_with_it()
    {
        var limits = new RequestLimits(maxQueueTime: 5 * Second, clock);
        using var rig = Rig(new ServingOptions());
        var sequences = Enumerable.Range(1, 20).Select(i => rig.Submit([1], 1, request => request with { TimeLimit = i * Second })).ToList();
        foreach (var sequence in sequences) limits.Add(sequence);
        foreach (var sequence in sequences.Where(sequence => sequence.Id.Value % 2 == 1)) limits.Remove(sequence);
        limits.NextDue.Should().Be(2 * clock.TimestampFrequency);

        clock.Advance(6 * Second);
        var due = new List<long>();
        while (limits.FindDue(clock.GetTimestamp()) is { } sequence)
        {
            due.Add(sequence.Id.Value);
            limits.Remove(sequence);
            limits.Remove(sequence);
        }

        due.Should().Equal([2, 4, 6, 8, 10, 12, 14, 16, 18, 20], "none of them started within 5 seconds");
        limits.NextDue.Should().Be(long.MaxValue);
        rig.RunToEnd();
    }

    [Fact]
    public async Task The_loop_wakes_by_itself_for_a_limit_though_nothing_can_run()
    {
        // No model serves, so only the limit ends the wait.
        using var rig = new LoopRig(new ServingOptions { MaxQueueTime = TimeSpan.FromMilliseconds(50) });
        var sequence = rig.Submit([1, 2, 3], 3);
        var loop = Task.Run(rig.Loop.Run);
        await sequence.Output.WaitForEndAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        sequence.Output.Progress.End!.Error.Should().BeOfType<ServerBusyException>().Which.RetryAfter.Should().BeNull("nothing was ever completed");
        rig.Loop.Drain();
        await loop.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private LoopRig Rig(ServingOptions options, IScheduler? scheduler = null) =>
        new LoopRig(options, scheduler: scheduler ?? RequestOrders.CreateScheduler(options, clock), time: clock).Serve();
}
