using Helios.Sdk.Backends;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Serving;

public class KvReclaimerTests
{
    private const long Slab = 1 << 11;

    [Fact]
    public async Task What_the_next_request_needs_is_left_to_it()
    {
        using var rig = new LoopRig(new ServingOptions(), budget: 12 * Slab, slabBytes: Slab, work: InlineDevice.Create(TimeProvider.System));
        var memory = new KvReclaimer(rig.Budget, rig.Blocks, rig.Loop.Sequences, rig.Routes, rig.Work) { MaxRowsPerStep = 64 };
        rig.Routes.Publish(rig.Route() with { KvFloor = 3 * Slab });
        var free = rig.Budget.Free;

        (await memory.ReserveAsync(free - 3 * Slab + 1, kvBytes: 0)).Should().Be((null, free - 3 * Slab));
        using var most = (await memory.ReserveAsync(free - 3 * Slab, kvBytes: 0)).Reservation;
        most!.Bytes.Should().Be(free - 3 * Slab);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_budget_that_keeps_changing_loses_nobody_who_fits_and_is_never_passed(int seed)
    {
        var random = new Random(seed);
        using var rig = new LoopRig(new ServingOptions { MaxBatchSize = 12, MaxRowsPerStep = 64 }, budget: 12 * Slab, slabBytes: Slab);
        var memory = new KvReclaimer(rig.Budget, rig.Blocks, rig.Loop.Sequences, rig.Routes, rig.Work) { MaxRowsPerStep = 64 };
        rig.Serve();
        var sequences = new List<Sequence>();
        var (granted, refused, preempted) = (0, 0, 0);
        for (var steps = 0; steps < 3000; steps++)
        {
            if (random.Next(8) == 0) sequences.Add(rig.Submit(LoopRig.Prompt(random.Next(1, 40), steps), random.Next(1, 100)));
            if (random.Next(20) == 0) await Change(random.Next(1, 16) * Slab);
            rig.Step();
            rig.Budget.Used.Should().BeLessThanOrEqualTo(rig.Budget.Limit);
            preempted += rig.Loop.Sequences.All.Count(sequence => sequence.HasStarted && sequence.Kv is null);
        }

        await Change(16 * Slab);
        rig.RunToEnd();

        // A request that needs more than there is at all is refused; everybody else is answered.
        var answered = sequences.Where(sequence => LoopRig.Reason(sequence) == FinishReason.Length).ToList();
        answered.Should().HaveCountGreaterThan(100).And.AllSatisfy(LoopRig.MustBeRight);
        sequences.Except(answered).Select(sequence => sequence.Output.Progress.End!.Error!.Message).Should().NotContain(message => !message.Contains("has no room for the KV"));
        granted.Should().BeGreaterThan(20);
        refused.Should().BePositive("the largest that runs must have room to its end");
        preempted.Should().BePositive();
        rig.MustBeIdle();

        async Task Change(long limit)
        {
            var change = memory.TryLimitAsync(limit);
            rig.Step();
            if (await change)
            {
                granted++;
                rig.Budget.Limit.Should().Be(limit);
            }
            else
            {
                refused++;
            }
        }
    }
}
