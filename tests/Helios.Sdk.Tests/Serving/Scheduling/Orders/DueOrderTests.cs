using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling.Orders;

public class DueOrderTests
{
    [Theory]
    [InlineData("first-come", new long[] { 1, 2, 3, 4 })]
    [InlineData("deadline", new long[] { 4, 2, 1, 3 })]
    public void They_go_by_arrival_or_by_deadline(string name, long[] expected)
    {
        var clock = new ManualClock();
        var order = RequestOrders.Find(name, clock)();
        order.Name.Should().Be(name);
        order.Add(Info(1));
        order.Add(Info(2) with { FirstTokenDeadline = 10 * clock.TimestampFrequency, Deadline = 50 * clock.TimestampFrequency });
        order.Add(Info(3) with { Deadline = 60 * clock.TimestampFrequency });
        order.Add(Info(4) with { Deadline = 5 * clock.TimestampFrequency });

        var went = new List<long>();
        while (order.TryPeek(out var next))
        {
            went.Add(next.Value);
            order.Remove(next);
            order.Charge(Info(next.Value), 1000);
        }

        went.Should().Equal(expected);
    }

    [Fact]
    public void One_of_the_applications_own_goes_before_a_built_in_one()
    {
        var own = RequestOrders.Find("first-come", TimeProvider.System, [() => new Own()])();
        own.Should().BeOfType<Own>();
        RequestOrders.Find("fair", TimeProvider.System, [() => new Own()])().Should().NotBeOfType<Own>();
    }

    [Fact]
    public void A_name_that_nobody_has_is_refused_with_those_there_are()
    {
        var find = () => RequestOrders.Find("random", TimeProvider.System, [() => new Own()]);
        find.Should().Throw<ArgumentException>().WithMessage("Serving.Order is 'random'; expected first-come, fair, deadline.*");
    }

    private static RequestInfo Info(long id) => new(new RequestId(id), 1, 1, $"tenant {id}", ArrivedAt: 0);

    private sealed class Own : IRequestOrder
    {
        public string Name => "first-come";

        public void Add(in RequestInfo request)
        {
        }

        public void Remove(RequestId id)
        {
        }

        public bool TryPeek(out RequestId next)
        {
            next = default;
            return false;
        }

        public void Charge(in RequestInfo request, int tokens)
        {
        }
    }
}
