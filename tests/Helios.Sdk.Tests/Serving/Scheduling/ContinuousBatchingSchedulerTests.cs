using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

public class ContinuousBatchingSchedulerTests
{
    private readonly ContinuousBatchingScheduler scheduler = RequestOrders.CreateScheduler(new ServingOptions(), new ManualClock());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_request_finishes_whatever_arrives(int seed)
    {
        var random = new Random(seed);
        var device = new SimulatedDevice(rows: random.Next(8, 64), sequences: random.Next(1, 12), blocks: 24);
        var arrived = 0;
        for (var step = 0; arrived < 300 || device.Live > 0; step++)
        {
            if (step == 100_000) Assert.Fail("Somebody starves.");
            if (arrived < 300 && random.Next(3) == 0)
            {
                var prompt = random.Next(1, 200);
                device.Arrive(scheduler, prompt, random.Next(1, 24 * SimulatedDevice.BlockTokens - prompt));
                arrived++;
            }

            device.Step(scheduler);
        }

        device.Finished.Should().HaveCount(300).And.OnlyHaveUniqueItems();
        device.Preempted.Should().NotBeEmpty("the simulation is short of blocks");
    }

    [Fact]
    public void Sequences_that_decode_go_first_and_prompts_take_what_is_left()
    {
        var device = new SimulatedDevice(rows: 10, sequences: 8, blocks: 100);
        var a = device.Arrive(scheduler, 4, 50);
        var b = device.Arrive(scheduler, 4, 50);
        device.Step(scheduler);
        var long1 = device.Arrive(scheduler, 25, 5);
        var long2 = device.Arrive(scheduler, 25, 5);

        device.Step(scheduler);
        device.Planned.Should().Equal((a, 1, true), (b, 1, true), (long1, 8, false));
        device.Step(scheduler);
        device.Planned.Should().Equal((a, 1, true), (b, 1, true), (long1, 8, false));
        device.Step(scheduler);
        device.Planned.Should().Equal((a, 1, true), (b, 1, true), (long1, 8, false));
        device.Step(scheduler);
        device.Planned.Should().Equal([(a, 1, true), (b, 1, true), (long1, 1, true), (long2, 7, false)], "one row was left of the prompt, which is as good as decoding");
    }

    [Fact]
    public void The_latest_arrival_gives_its_blocks_up()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 8, blocks: 3);
        var first = device.Arrive(scheduler, 15, 20);
        device.Arrive(scheduler, 10, 20);
        var last = device.Arrive(scheduler, 10, 20);
        device.Step(scheduler);
        device.Planned.Should().HaveCount(3);

        device.Step(scheduler);
        device.Step(scheduler);
        device.Preempted.Should().Equal([last], "the first needs a second block");
        device.Planned.Should().HaveCount(2).And.Contain((first, 1, true));
    }

    [Fact]
    public void Who_was_preempted_comes_back_before_those_who_wait()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 2, blocks: 3);
        var first = device.Arrive(scheduler, 16, 18);
        var second = device.Arrive(scheduler, 16, 18);
        var waiting = device.Arrive(scheduler, 1, 1);
        while (!device.Planned.Exists(planned => planned.Id == waiting)) device.Step(scheduler);

        device.Preempted.Should().Equal(second);
        device.Finished.Should().Equal(first, waiting);
        device.Planned.Select(planned => planned.Id).Should().Equal([second, waiting], "they are admitted together, the one that was preempted first");
    }

    [Fact]
    public void A_plan_costs_its_rows_and_not_the_queue()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 32, blocks: 1000);
        for (var i = 0; i < 100_000; i++) device.Arrive(scheduler, 8, 4);
        var before = device.Calls;
        device.Step(scheduler);
        device.Step(scheduler);

        (device.Calls - before).Should().BeLessThan(4 * 64);
        device.Planned.Should().NotBeEmpty();
    }

    [Fact]
    public void Removing_from_the_middle_of_a_long_queue_leaves_the_others_in_order()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 1, blocks: 1000);
        var ids = Enumerable.Range(0, 1000).Select(_ => device.Arrive(scheduler, 4, 1)).ToList();
        foreach (var id in ids.Where(id => id.Value % 2 == 0)) device.Leave(scheduler, id);
        while (device.Live > 0) device.Step(scheduler);

        device.Finished.Should().Equal(ids.Where(id => id.Value % 2 == 1));
    }

    [Fact]
    public void Removing_a_stranger_is_harmless()
    {
        scheduler.Remove(new RequestId(7));
        var device = new SimulatedDevice(rows: 8, sequences: 8, blocks: 8);
        device.Arrive(scheduler, 1, 1);
        device.Step(scheduler);
        device.Finished.Should().ContainSingle();
    }

    [Fact]
    public void One_whose_blocks_the_engine_took_is_not_overtaken_for_ever_by_small_ones()
    {
        var device = new SimulatedDevice(rows: 256, sequences: 32, blocks: 20);
        device.Arrive(scheduler, 8, 100);
        var big = device.Arrive(scheduler, 200, 4);
        device.Step(scheduler);
        device.DropKv(big);
        device.Blocks = 15;
        for (var step = 0; step < 300 && !device.Finished.Contains(big); step++)
        {
            for (var i = 0; i < 4; i++) device.Arrive(scheduler, 14, 2);
            device.Step(scheduler);
        }

        device.Finished.Should().Contain(big);
    }
}
