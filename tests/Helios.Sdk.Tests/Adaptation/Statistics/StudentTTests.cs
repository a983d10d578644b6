using Helios.Sdk.Adaptation.Statistics;

namespace Helios.Sdk.Tests.Adaptation.Statistics;

public class StudentTTests
{
    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(12, 2.1788)]
    [InlineData(13, 2.1604)]
    [InlineData(30, 2.0423)]
    [InlineData(1000, 1.9623)]
    public void Quantiles_are_those_of_the_tables(int freedom, double expected) =>
        StudentT.Quantile(freedom).Should().BeApproximately(expected, 2e-3);

    [Fact]
    public void The_table_runs_into_the_expansion() =>
        Enumerable.Range(1, 40).Select(StudentT.Quantile).Should().BeInDescendingOrder();
}
