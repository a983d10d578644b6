using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

/// <summary>Who goes first, and who gives way, in the shipped scheduler.</summary>
public class PriorityTests
{
    private readonly ManualClock clock = new();
    private readonly ContinuousBatchingScheduler scheduler;

    public PriorityTests() => scheduler = RequestOrders.CreateScheduler(new ServingOptions(), clock);

    [Fact]
    public void A_higher_priority_is_started_first_whichever_came_first()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 1, blocks: 100, clock);
        var low = Arrive(device, RequestPriority.Low);
        var normal = Arrive(device, RequestPriority.Normal);
        var high = Arrive(device, RequestPriority.High);
        RunToEnd(device);
        device.Finished.Should().Equal(high, normal, low);
        device.Preempted.Should().BeEmpty("none was started too early");
    }

    [Fact]
    public void A_newcomer_takes_the_place_of_the_latest_of_the_lowest_priority()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 3, blocks: 100, clock);
        Arrive(device, RequestPriority.Low, answer: 50);
        var second = Arrive(device, RequestPriority.Low, answer: 50);
        Arrive(device, RequestPriority.Normal, answer: 50);
        device.Step(scheduler);
        device.Step(scheduler);
        var high = Arrive(device, RequestPriority.High);
        device.Step(scheduler);
        device.Step(scheduler);

        device.Preempted.Should().Equal(second);
        device.IsRunning(high).Should().BeTrue();
        RunToEnd(device);
        device.Finished.Should().HaveCount(4);
        device.Finished[0].Should().Be(high);
    }

    [Fact]
    public void As_many_give_way_as_hold_the_blocks_it_needs_and_no_more()
    {
        var device = new SimulatedDevice(rows: 256, sequences: 16, blocks: 10, clock);
        var low = Enumerable.Range(0, 5).Select(_ => Arrive(device, RequestPriority.Low, prompt: 30, answer: 3)).ToList();
        device.Step(scheduler);
        var high = Arrive(device, RequestPriority.High, prompt: 60, answer: 2);
        device.Step(scheduler);
        device.Step(scheduler);

        device.Preempted.Should().Equal(low[4], low[3]);
        device.IsRunning(high).Should().BeTrue();
    }

    [Fact]
    public void Nobody_gives_way_to_its_own_priority()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 1, blocks: 100, clock);
        var first = Arrive(device, RequestPriority.High, answer: 20);
        device.Step(scheduler);
        var second = Arrive(device, RequestPriority.High);
        RunToEnd(device);
        device.Preempted.Should().BeEmpty();
        device.Finished.Should().Equal(first, second);
    }

    [Fact]
    public void A_high_prompt_gets_rows_before_a_low_one_that_runs_already()
    {
        var device = new SimulatedDevice(rows: 32, sequences: 8, blocks: 100, clock);
        var low = Arrive(device, RequestPriority.Low, prompt: 200);
        device.Step(scheduler);
        var high = Arrive(device, RequestPriority.High, prompt: 40);
        device.Step(scheduler);
        device.Planned.Should().Equal([(high, 32, false)]);
        device.Step(scheduler);
        device.Planned.Should().Equal((high, 8, false), (low, 24, false));
    }

    [Fact]
    public void Prompts_take_the_rows_that_the_plan_has_for_them()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 8, blocks: 100, clock);
        var decoding = Arrive(device, RequestPriority.Normal, prompt: 4, answer: 40);
        device.Step(scheduler);
        device.PromptRowsBesideDecoding = 5;
        var first = Arrive(device, RequestPriority.Normal, prompt: 8);
        var second = Arrive(device, RequestPriority.Normal, prompt: 8);
        device.Step(scheduler);
        device.Planned.Should().Equal((decoding, 1, true), (first, 5, false));
        device.Step(scheduler);
        device.Planned.Should().Equal((decoding, 1, true), (first, 3, false), (second, 2, false));
        device.PromptRowsBesideDecoding = 0;
        device.Step(scheduler);
        device.Planned.Should().Equal((decoding, 1, true), (first, 1, true));
    }

    [Fact]
    public void Who_waits_too_long_is_served_beside_an_endless_stream()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 2, blocks: 100, clock);
        var low = Arrive(device, RequestPriority.Low);
        var waited = TimeSpan.Zero;
        for (; !device.Finished.Contains(low); waited += TimeSpan.FromSeconds(0.5))
        {
            while (device.Live < 10) Arrive(device, RequestPriority.High);
            device.Step(scheduler);
            clock.Advance(TimeSpan.FromSeconds(0.5));
            waited.Should().BeLessThan(TimeSpan.FromSeconds(45), "one start in eight is its own after half a minute");
        }

        waited.Should().BeGreaterThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Time_that_was_waited_counts_after_a_preemption()
    {
        var device = new SimulatedDevice(rows: 64, sequences: 1, blocks: 100, clock);
        var low = Arrive(device, RequestPriority.Low, answer: 1000);
        for (var i = 0; i < 4; i++)
        {
            // It runs for a moment, and then another takes its place for 20 seconds.
            device.Step(scheduler);
            device.Step(scheduler);
            if (i == 3) break;
            Arrive(device, RequestPriority.Normal, answer: 20);
            for (var step = 0; step < 21; step++)
            {
                device.Step(scheduler);
                clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        device.IsRunning(low).Should().BeTrue();
        Arrive(device, RequestPriority.Normal, answer: 20);
        for (var step = 0; step < 5; step++) device.Step(scheduler);
        device.IsRunning(low).Should().BeTrue("it has waited for more than 30 seconds in all, and keeps its place now");
    }

    [Theory]
    [InlineData("fair")]
    [InlineData("first-come")]
    [InlineData("deadline")]
    public void A_backlog_that_is_overdue_holds_nobody_up_and_takes_nobodys_place(string order)
    {
        var orderly = RequestOrders.CreateScheduler(new ServingOptions { Order = order }, clock);
        var device = new SimulatedDevice(rows: 64, sequences: 2, blocks: 1000, clock);
        var running = device.Arrive(orderly, 4, 500, info => info with { Priority = RequestPriority.High });
        device.Step(orderly);
        for (var i = 0; i < 1000; i++) device.Arrive(orderly, 4, 2, info => info with { Priority = RequestPriority.Low });
        clock.Advance(TimeSpan.FromSeconds(100));

        for (var step = 0; step < 400; step++)
        {
            if (step % 10 == 0) device.Arrive(orderly, 4, 2, info => info with { Priority = RequestPriority.High });
            device.Step(orderly);
            device.Finished.Count(id => id.Value > 1001).Should().BeGreaterThanOrEqualTo(step / 10 - 1, "a newcomer is served in a few steps");
            clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        device.Finished.Count(id => id.Value <= 1001).Should().BeGreaterThan(50, "what is left is theirs");
        device.Preempted.Should().NotContain(running);
    }

    [Fact]
    public void One_that_does_not_fit_is_not_overtaken_for_ever()
    {
        var device = new SimulatedDevice(rows: 256, sequences: 16, blocks: 10, clock);
        Arrive(device, RequestPriority.High, prompt: 30, answer: 60);
        device.Step(scheduler);
        var large = Arrive(device, RequestPriority.Low, prompt: 140, answer: 2);
        for (var step = 0; !device.Finished.Contains(large); step++)
        {
            if (device.Live < 6) Arrive(device, RequestPriority.High, prompt: 10, answer: 5 + step % 7);
            device.Step(scheduler);
            clock.Advance(TimeSpan.FromSeconds(1));
            step.Should().BeLessThan(300);
        }
    }

    [Fact]
    public void A_preempted_request_is_charged_once()
    {
        // Two tenants of one answer each at a time: were replays charged, the one that loses its KV would fall behind.
        var device = new SimulatedDevice(rows: 64, sequences: 2, blocks: 100, clock);
        for (var step = 0; step < 3000; step++)
        {
            while (device.Live < 8)
            {
                Arrive(device, RequestPriority.Normal, prompt: 10, answer: 10, tenant: "a");
                Arrive(device, RequestPriority.Normal, prompt: 10, answer: 10, tenant: "b");
            }

            device.Step(scheduler);
            if (step % 7 == 0 && device.Planned.Find(row => row.Decodes) is { Id: var id } && device.IsRunning(id)) device.DropKv(id);
        }

        device.Served["a"].Should().BeCloseTo(device.Served["b"], 100);
        device.Served["a"].Should().BeGreaterThan(2000);
    }

    private RequestId Arrive(SimulatedDevice device, RequestPriority priority, int prompt = 4, int answer = 2, string tenant = "anonymous") =>
        device.Arrive(scheduler, prompt, answer, info => info with { Priority = priority, Tenant = tenant });

    private void RunToEnd(SimulatedDevice device)
    {
        for (var step = 0; device.Live > 0; step++)
        {
            if (step == 1000) Assert.Fail("Somebody starves.");
            device.Step(scheduler);
        }
    }
}
