using Helios.Sdk.Adaptation.Repository;
using Helios.Sdk.Adaptation.Selection;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Tests.Adaptation.Selection;

public class ShortlistTests
{
    [Fact]
    public void It_spreads_over_sizes_and_keeps_the_order_of_the_pool()
    {
        ShortlistEntry[] pool = [Entry("d", 40), Entry("a", 10), Entry("e", 50), Entry("b", 20), Entry("c", 30)];

        Names(Shortlist.Choose(pool, 3, long.MaxValue)).Should().Equal("a", "e", "c");
        Names(Shortlist.Choose(pool, 2, long.MaxValue)).Should().Equal("a", "e");
        Names(Shortlist.Choose(pool, 9, long.MaxValue)).Should().Equal("d", "a", "e", "b", "c");
    }

    [Fact]
    public void One_candidate_is_the_largest_that_fits_whole() =>
        Names(Shortlist.Choose([Entry("a", 10), Entry("b", 20), Entry("c", 30)], 1, budgetBytes: 125)).Should().Equal("b");

    [Fact]
    public void What_does_not_fit_at_its_first_exit_is_left_out_unless_nothing_fits()
    {
        // At the first exit, 2 of 6 layers.
        Names(Shortlist.Choose([Entry("a", 10), Entry("b", 20)], 3, budgetBytes: 30)).Should().Equal("a");
        Names(Shortlist.Choose([Entry("b", 20), Entry("a", 10)], 3, budgetBytes: 5)).Should().Equal("a");
    }

    [Fact]
    public void A_repository_puts_the_best_for_the_objective_first_and_keeps_the_measure_of_quality()
    {
        ShortlistEntry[] pool = [Entry("a", 10), Entry("b", 20), Entry("c", 30), Entry("d", 40), Entry("e", 50)];
        var ranks = new Dictionary<string, ModelRank>(StringComparer.Ordinal)
        {
            ["a"] = new(100, 1.9),
            ["b"] = new(400, 1.5),
            ["c"] = new(300, 1.6),
            ["d"] = new(200, 1.2),
            ["e"] = new(null, 1.0),
        };

        Names(Shortlist.Choose(pool, 2, long.MaxValue, ranks)).Should().Equal("b", "d");
        Names(Shortlist.Choose(pool, 3, long.MaxValue, ranks)).Should().Equal("b", "c", "d");
        Names(Shortlist.Choose(pool, 1, long.MaxValue, ranks)).Should().Equal("b");
        Names(Shortlist.Choose(pool, 9, long.MaxValue, ranks)).Should().Equal("b", "c", "d", "a", "e");
    }

    [Fact]
    public void What_a_repository_does_not_know_comes_after_what_it_knows_and_before_what_it_holds_for_infeasible()
    {
        ShortlistEntry[] pool = [Entry("a", 10), Entry("b", 20), Entry("c", 30), Entry("d", 40)];
        var ranks = new Dictionary<string, ModelRank>(StringComparer.Ordinal) { ["a"] = new(null, 1.5), ["d"] = new(5, null) };

        Names(Shortlist.Choose(pool, 2, long.MaxValue, ranks)).Should().Equal("d", "c");
        Names(Shortlist.Choose(pool, 4, long.MaxValue, ranks)).Should().Equal("d", "b", "c", "a");
        Names(Shortlist.Choose(pool, 2, budgetBytes: 70, ranks)).Should().Equal("b", "c");
    }

    private static IEnumerable<string> Names(IEnumerable<ShortlistEntry> entries) => entries.Select(entry => entry.Model.Name);

    private static ShortlistEntry Entry(string name, long layerBytes) => new(Sample.Model(name), new LoadSize(0, [.. Enumerable.Repeat(layerBytes, 6)]));
}
