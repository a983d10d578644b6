using FsCheck;
using FsCheck.Fluent;

namespace Helios.Sdk.Tests.ExitPolicies;

public class ExitLayoutTests
{
    [Fact]
    public void No_other_choice_of_looks_is_expected_to_save_more()
    {
        var shares = Gen.ArrayOf(Gen.Choose(0, 20), 6);
        var cases = Gen.Zip(shares, Gen.Choose(0, 60)).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases, drawn =>
        {
            var (steps, cost) = drawn;
            int[] depths = [2, 3, 5, 8, 9];
            var sure = new double[5];
            for (var i = 0; i < 5; i++) sure[i] = (i == 0 ? 0 : sure[i - 1]) + steps[i] / 120.0;
            var layout = new ExitLayout { Depths = depths, ServedDepth = 12, LookCost = cost / 10.0, SureBy = sure };
            var chosen = new bool[5];
            layout.ChooseWorthwhile(chosen);

            var best = Enumerable.Range(0, 32).Max(set => Saved([.. Enumerable.Range(0, 5).Select(i => (set >> i & 1) == 1)], depths, sure, cost / 10.0));
            Saved(chosen, depths, sure, cost / 10.0).Should().BeApproximately(best, 1e-9);
        }));
    }

    [Fact]
    public void Evidence_that_rows_are_sure_early_moves_the_looks_down()
    {
        Worthwhile([0.1, 0.2, 0.9]).Should().Equal(false, false, true);
        Worthwhile([0.9, 0.91, 0.92]).Should().Equal(true, false, false);
        Worthwhile([0.01, 0.02, 0.03]).Should().Equal(false, false, false);
    }

    [Fact]
    public void Where_nothing_is_known_a_look_must_cost_less_than_the_layers_above()
    {
        var looks = new bool[3];
        var layout = new ExitLayout { Depths = [3, 6, 9], ServedDepth = 12, LookCost = 5.5 };
        layout.ChooseWorthwhile(looks);
        looks.Should().Equal(true, true, false);
        layout.From(6).SureBy.Length.Should().Be(0);
    }

    [Fact]
    public void From_a_depth_on_lower_exits_are_left_out()
    {
        var layout = new ExitLayout { Depths = [3, 6, 9], ServedDepth = 12, LookCost = 1, SureBy = [0.1, 0.2, 0.3] }.From(4);
        layout.Depths.ToArray().Should().Equal(6, 9);
        layout.SureBy.ToArray().Should().Equal(0.2, 0.3);
        layout.From(10).Depths.Length.Should().Be(0);
    }

    private static bool[] Worthwhile(double[] sureBy)
    {
        var looks = new bool[3];
        new ExitLayout { Depths = [3, 6, 9], ServedDepth = 12, LookCost = 1, SureBy = sureBy }.ChooseWorthwhile(looks);
        return looks;
    }

    private static double Saved(bool[] looks, int[] depths, double[] sure, double cost)
    {
        var (saved, gone) = (0.0, 0.0);
        for (var i = 0; i < looks.Length; i++)
        {
            if (!looks[i]) continue;
            saved += (sure[i] - gone) * (12 - depths[i]) - (1 - gone) * cost;
            gone = sure[i];
        }

        return saved;
    }
}
