using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving;

/// <summary>An hour of busy traffic on a clock that goes on with the steps: the whole serving loop, with little memory.</summary>
public class SimulatedSoakTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly string[] Tenants = ["a", "b", "c"];

    private readonly ManualClock clock = new();
    private readonly Random random = new(20);
    private readonly List<Sequence> sampled = [];
    private int submitted;
    private int cancelled;
    private int seenPreempted;

    [Fact]
    public void After_an_hour_nobody_was_lost_and_nothing_is_left()
    {
        var options = new ServingOptions { MaxBatchSize = 12, MaxRowsPerStep = 64, MaxQueueTime = TimeSpan.FromMinutes(4), MaxDecodeStretch = 1.5 };
        options.Tenants["b"] = new TenantOptions { Weight = 2 };
        using var rig = new LoopRig(options, budget: 5 << 11, slabBytes: 1 << 11, time: clock);
        rig.Model.OnStep = rows => clock.Advance(TimeSpan.FromMilliseconds(20 + 4 * rows));
        var routes = new[] { rig.Route(2), rig.Route(3, "top1:0.5"), rig.Route(2, "top1:0.5") };
        var steps = 0;
        for (; clock.Elapsed < Hour; steps++)
        {
            if (steps % 2000 == 0) rig.Routes.Publish(routes[random.Next(routes.Length)]);
            Arrive(rig);
            if (!rig.Loop.Step()) clock.Advance(TimeSpan.FromMilliseconds(50));
            if (steps % 50 == 0) Look(rig);
            if (steps % 5000 == 0) rig.Loop.Sequences.PreemptLeast(rig.Blocks);
        }

        rig.RunToEnd();
        var ended = rig.Observer.Ended;
        ended.Should().HaveCount(submitted, "everybody ends once").And.OnlyHaveUniqueItems(end => end.Sequence.Id);
        foreach (var (sequence, outcome) in ended.Where(end => end.Outcome.Error is not null and not OperationCanceledException))
            sequence.Output.Progress.End!.Error.Should().BeOfType<ServerBusyException>("nothing else goes wrong").Which.RetryAfter.Should().NotBeNull();
        sampled.Where(sequence => LoopRig.Reason(sequence) == FinishReason.Length).Should().HaveCountGreaterThan(50).And.AllSatisfy(LoopRig.MustBeRight);
        sampled.Count(sequence => LoopRig.Reason(sequence) == FinishReason.TimeLimit).Should().BePositive();
        cancelled.Should().BeGreaterThan(100);
        seenPreempted.Should().BeGreaterThan(10, "memory is short");
        steps.Should().BeGreaterThan(30_000);
        rig.MustBeIdle();
    }

    private void Look(LoopRig rig)
    {
        rig.Verify();
        seenPreempted += rig.Loop.Sequences.All.Count(sequence => sequence.HasStarted && sequence.Kv is null);
    }

    /// <summary>Bursts and lulls of requests of all kinds; some are cancelled, early or late.</summary>
    private void Arrive(LoopRig rig)
    {
        var busy = clock.Elapsed.TotalMinutes % 10 < 6;
        if (random.NextDouble() < (busy ? 0.4 : 0.05))
        {
            var sequence = rig.Submit(LoopRig.Prompt(random.Next(1, 60), submitted++), random.Next(1, 40), request => request with
            {
                Tenant = Tenants[random.Next(Tenants.Length)],
                Priority = (RequestPriority)random.Next(3),
                FirstTokenWithin = random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(1, 20)) : null,
                TimeLimit = random.Next(10) == 0 ? TimeSpan.FromSeconds(random.Next(1, 20)) : null,
            });
            if (submitted % 20 == 0) sampled.Add(sequence);
        }

        if (random.Next(200) != 0 || rig.Loop.Sequences.Count == 0) return;
        cancelled++;
        rig.Loop.Cancel(rig.Loop.Sequences.All.ElementAt(random.Next(rig.Loop.Sequences.Count)));
    }
}
