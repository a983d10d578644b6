using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.ExitPolicies;

public class ExitLayoutTests
{
    [Fact]
    public void An_exit_check_must_cost_less_than_the_layers_above()
    {
        Worthwhile(5.5).Should().Equal(true, true, false);
        Worthwhile(2.9).Should().Equal(true, true, true);
        Worthwhile(9).Should().Equal(false, false, false);
    }

    [Fact]
    public void From_a_depth_on_lower_exits_are_left_out()
    {
        var layout = new ExitLayout { Depths = [3, 6, 9], ServedDepth = 12, CheckCost = 1 }.From(4);
        layout.Depths.ToArray().Should().Equal(6, 9);
        (layout.ServedDepth, layout.CheckCost).Should().Be((12, 1));
        layout.From(10).Depths.Length.Should().Be(0);
    }

    private static bool[] Worthwhile(double checkCost)
    {
        var checks = new bool[3];
        new ExitLayout { Depths = [3, 6, 9], ServedDepth = 12, CheckCost = checkCost }.ChooseWorthwhile(checks);
        return checks;
    }
}
