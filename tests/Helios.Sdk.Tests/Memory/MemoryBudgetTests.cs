using Helios.Sdk.Backends;

namespace Helios.Sdk.Tests.Memory;

public class MemoryBudgetTests
{
    [Fact]
    public void A_limit_may_be_moved_but_not_below_what_is_reserved()
    {
        var budget = new MemoryBudget(100);
        using var held = budget.TryReserve(60);

        budget.TrySetLimit(59).Should().BeFalse();
        (budget.Limit, budget.Free).Should().Be((100, 40));
        budget.TrySetLimit(60).Should().BeTrue();
        (budget.Limit, budget.Free).Should().Be((60, 0));
        budget.TryReserve(1).Should().BeNull();

        budget.TrySetLimit(70).Should().BeTrue();
        using var more = budget.TryReserve(10);
        more.Should().NotBeNull();
        var none = () => budget.TrySetLimit(0);
        none.Should().Throw<ArgumentOutOfRangeException>();
    }
}
