using Helios.Sdk.Serving.Drafting;

namespace Helios.Sdk.Tests.Serving.Drafting;

public class QuickestTimesTests
{
    [Fact]
    public void Nothing_measured_costs_nothing() => new QuickestTimes().At(5).Should().Be(0);

    [Fact]
    public void Small_numbers_are_known_one_by_one_and_large_ones_by_the_row()
    {
        var times = new QuickestTimes();
        for (var rows = 1; rows <= 16; rows++) times.Observe(rows, rows % 2 == 0 ? 1 : 2);
        times.Observe(40, 80);

        for (var rows = 1; rows <= 16; rows++) times.At(rows).Should().BeApproximately(rows % 2 == 0 ? 1 : 2, 1e-12);
        times.At(40).Should().Be(80);
        times.At(47).Should().Be(94, "a row of this quarter octave costs 2");
        times.At(4096).Should().BeGreaterThan(0);
    }

    [Fact]
    public void What_was_not_measured_is_no_dearer_than_the_next_smaller_number_that_was()
    {
        var times = new QuickestTimes();
        times.Observe(4, 8);
        times.At(5).Should().Be(8);
        times.At(100).Should().Be(8);
        times.At(2).Should().Be(4, "a share of the next larger one");
        times.Observe(32, 64);
        times.At(100).Should().Be(39 * 2, "rows 32 to 39 are priced by the row");
    }

    [Fact]
    public void The_quickest_counts_and_is_forgotten_slowly()
    {
        var times = new QuickestTimes();
        times.Observe(1, 100);
        times.Observe(1, 1);
        times.At(1).Should().Be(1, "the first was the compiler's");
        times.Observe(1, 1000);
        times.At(1).Should().BeInRange(1.01, 1.05, "somebody else had the processor");
        for (var i = 0; i < 500; i++) times.Observe(1, 2);
        times.At(1).Should().BeApproximately(2, 0.01, "it has become slower for good");
    }
}
