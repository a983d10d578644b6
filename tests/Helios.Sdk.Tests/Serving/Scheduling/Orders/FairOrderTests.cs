using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling.Orders;

namespace Helios.Sdk.Tests.Serving.Scheduling.Orders;

public class FairOrderTests
{
    private readonly ManualClock clock = new();
    private readonly FairOrder order;
    private long lastId;

    public FairOrderTests() => order = new FairOrder(clock);

    [Fact]
    public void The_tenant_that_got_least_goes_next()
    {
        var (a1, a2, b1) = (Add("a"), Add("a"), Add("b"));
        Take(10).Should().Be(a1, "nobody got anything, and it came first");
        Take(10).Should().Be(b1);
        Take(10).Should().Be(a2);
        order.TryPeek(out _).Should().BeFalse();
    }

    [Fact]
    public void Twice_the_weight_gets_twice_the_tokens()
    {
        for (var i = 0; i < 90; i++)
        {
            Add("light");
            Add("heavy", weight: 2);
        }

        var turns = Enumerable.Range(0, 60).Select(_ => TakeFrom(10)).ToList();
        turns.Count(tenant => tenant == "heavy").Should().BeInRange(39, 41);
    }

    [Fact]
    public void Who_was_away_has_saved_nothing_up()
    {
        for (var i = 0; i < 200; i++) Add("busy");
        var early = Add("away");
        TakeFrom(1);
        Take(1).Should().Be(early);
        for (var i = 0; i < 100; i++) TakeFrom(100);

        for (var i = 0; i < 20; i++) Add("away");
        Enumerable.Range(0, 20).Select(_ => TakeFrom(100)).Count(tenant => tenant == "away").Should().BeInRange(9, 11);
    }

    [Fact]
    public void Who_leaves_in_debt_comes_back_in_debt()
    {
        Add("greedy");
        for (var i = 0; i < 20; i++) Add("modest");
        TakeFrom(1000).Should().Be("greedy");
        Add("greedy");
        Enumerable.Range(0, 20).Select(_ => TakeFrom(10)).Should().OnlyContain(tenant => tenant == "modest");
        TakeFrom(10).Should().Be("greedy");
    }

    [Fact]
    public void A_tenants_own_requests_go_by_deadline_and_those_without_one_do_not_starve()
    {
        var undated = Add("a");
        var late = Add("a", deadline: clock.TimestampFrequency * 60);
        var soon = Add("a", deadline: clock.TimestampFrequency * 5);
        Take(1).Should().Be(soon);
        Take(1).Should().Be(undated, "it counts as due after 30 seconds");
        Take(1).Should().Be(late);
    }

    [Fact]
    public void One_that_is_cancelled_while_it_waits_is_passed_over()
    {
        var (first, second) = (Add("a"), Add("a"));
        var other = Add("b");
        order.Remove(first);
        order.Remove(first);
        Take(5).Should().Be(second);
        Take(5).Should().Be(other);
    }

    [Fact]
    public void Counters_that_say_nothing_are_dropped_and_debts_are_bounded()
    {
        // Each leaves with a counter that those behind it soon pass.
        for (var i = 0; i < 50_000; i++)
        {
            Add($"tenant {i}");
            Add("regular");
            TakeFrom(1);
            TakeFrom(1);
        }

        order.Tenants.Should().BeLessThan(10);

        for (var i = 0; i < 10_000; i++)
        {
            Add($"debtor {i}");
            TakeFrom(1_000_000);
        }

        order.Tenants.Should().BeLessThanOrEqualTo(FairOrder.MostDebts + 1);
    }

    private readonly Dictionary<RequestId, RequestInfo> infos = [];

    private RequestId Add(string tenant, double weight = 1, long deadline = long.MaxValue)
    {
        var info = new RequestInfo(new RequestId(++lastId), 1, 1, tenant, clock.GetTimestamp()) { TenantWeight = weight, Deadline = deadline };
        infos.Add(info.Id, info);
        order.Add(info);
        return info.Id;
    }

    /// <summary>The next one starts, and is charged.</summary>
    private RequestId Take(int tokens)
    {
        order.TryPeek(out var next).Should().BeTrue();
        order.Remove(next);
        order.Charge(infos[next], tokens);
        return next;
    }

    private string TakeFrom(int tokens) => infos[Take(tokens)].Tenant;
}
