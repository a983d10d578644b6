using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Adaptation.Estimation;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class IsotonicRegressionTests
{
    [Fact]
    public void Violators_share_their_weighted_mean()
    {
        // 3 and 1 pool to (3 + 1x3) / 4 = 1.5, which stays above 1.
        IsotonicRegression.Fit([1, 3, 1, 4], [1, 1, 3, 1]).Should().Equal(1, 1.5, 1.5, 4);
    }

    [Fact]
    public void It_equals_the_min_max_formula_and_never_falls()
    {
        var points = Gen.ListOf(Gen.Choose(0, 20).SelectMany(value => Gen.Choose(1, 9).Select(weight => (Value: value / 4.0, Weight: (double)weight))));
        Prop.ForAll(points.ToArbitrary(), list =>
        {
            var values = list.Select(point => point.Value).ToArray();
            var weights = list.Select(point => point.Weight).ToArray();
            var fitted = IsotonicRegression.Fit(values, weights);
            return Enumerable.Range(0, values.Length).All(i =>
                Math.Abs(fitted[i] - MinMax(values, weights, i)) < 1e-9 && (i == 0 || fitted[i] >= fitted[i - 1]));
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>The textbook solution: max over starts up to i of the min over ends from i of the weighted mean between.</summary>
    private static double MinMax(double[] values, double[] weights, int i) =>
        Enumerable.Range(0, i + 1).Max(start => Enumerable.Range(i, values.Length - i).Min(end => Mean(values, weights, start, end)));

    private static double Mean(double[] values, double[] weights, int start, int end)
    {
        var range = Enumerable.Range(start, end - start + 1).ToList();
        return range.Sum(k => values[k] * weights[k]) / range.Sum(k => weights[k]);
    }
}
