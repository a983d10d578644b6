using Helios.Sdk.Serving.Scheduling;

namespace Helios.Sdk.Tests.Serving.Scheduling;

public class PromptPacingTests
{
    /// <summary>Bound by memory up to 16 rows, by arithmetic above: seconds of a step.</summary>
    private static double Step(int rows) => Math.Max(4e-3, 0.25e-3 * rows);

    [Fact]
    public void Without_decoding_rows_or_a_bound_there_is_none()
    {
        new PromptPacing(1.5, 16).PromptRows(0).Should().Be(int.MaxValue);
        new PromptPacing(double.PositiveInfinity, 16).PromptRows(8).Should().Be(int.MaxValue);
    }

    [Fact]
    public void It_looks_at_a_step_that_only_decodes_first_and_then_begins_small()
    {
        var pacing = new PromptPacing(1.5, 16);
        pacing.PromptRows(8).Should().Be(0);
        pacing.Learn(8, 0, Step(8));
        pacing.PromptRows(8).Should().Be(16);
        pacing.PromptRows(30).Should().Be(0, "that many were not measured");
    }

    [Theory]
    [InlineData(1, 1.3)]
    [InlineData(1, 2)]
    [InlineData(8, 1.6)]
    [InlineData(32, 1.6)]
    [InlineData(60, 1.1)]
    public void It_finds_the_rows_that_fill_the_stretch_and_not_more(int decodeRows, double stretch)
    {
        var pacing = new PromptPacing(stretch, 16);
        var (worst, sum) = (0.0, 0);
        for (var step = 0; step < 2000; step++)
        {
            var rows = Math.Min(pacing.PromptRows(decodeRows), 256 - decodeRows);
            pacing.Learn(decodeRows, rows, Step(decodeRows + rows));
            if (step < 100) continue;
            worst = Math.Max(worst, Step(decodeRows + rows));
            sum += rows;
        }

        worst.Should().BeLessThanOrEqualTo(Step(decodeRows) * stretch * 1.15, "straight lines between buckets are not exact");
        var best = Enumerable.Range(1, 256).Last(rows => Step(decodeRows + rows) <= Step(decodeRows) * stretch);
        (sum / 1900.0).Should().BeGreaterThan(0.75 * best);
    }

    [Fact]
    public void Where_the_first_row_passes_the_bound_the_rest_of_its_tile_comes_along()
    {
        // Rows run in eights: 9 to 16 take twice as long as 8, and 17 three times.
        var pacing = new PromptPacing(1.6, 16);
        var rows = new List<int>();
        for (var step = 0; step < 2000; step++)
        {
            rows.Add(pacing.PromptRows(8));
            pacing.Learn(8, rows[^1], Math.Ceiling((8 + rows[^1]) / 8.0) * 4e-3);
        }

        rows.Average().Should().BeGreaterThan(6);
        rows.Count(count => count > 8).Should().BeLessThan(40, "now and then it tries a row more");
    }

    [Fact]
    public void It_follows_when_the_model_becomes_slower_or_faster()
    {
        var pacing = new PromptPacing(1.6, 16);
        foreach (var speed in (double[])[1, 4, 0.25, 1])
        {
            var rows = 0;
            for (var step = 0; step < 1500; step++)
            {
                rows = pacing.PromptRows(8);
                pacing.Learn(8, rows, Step(8 + rows) * speed);
            }

            for (var step = 0; rows == 0; step++) rows = pacing.PromptRows(8);
            rows.Should().BeInRange(13, 19, "the shape is the same, whatever the speed");
        }
    }

    [Fact]
    public void A_step_that_was_held_up_changes_little()
    {
        var pacing = new PromptPacing(1.6, 16);
        for (var step = 0; step < 200; step++)
        {
            var rows = pacing.PromptRows(8);
            pacing.Learn(8, rows, Step(8 + rows));
        }

        var before = pacing.PromptRows(8);
        pacing.Learn(8, before, 1);
        pacing.PromptRows(8).Should().BeGreaterThan(before / 2);
    }

    [Fact]
    public void A_held_up_step_that_only_decodes_changes_little_when_the_last_such_is_long_ago()
    {
        var pacing = new PromptPacing(1.6, 16);
        var (looks, tooLong) = (0, 0);
        for (var step = 0; step < 500; step++)
        {
            var rows = Math.Min(pacing.PromptRows(8), 248);
            var heldUp = rows == 0 && ++looks == 4;
            pacing.Learn(8, rows, heldUp ? 1 : Step(8 + rows));
            if (looks >= 4 && Step(8 + rows) > 2 * 1.6 * Step(8)) tooLong++;
        }

        looks.Should().BeGreaterThan(4);
        tooLong.Should().BeLessThan(5, "it is taken for twice as long at most");
    }

    [Fact]
    public void Prompts_advance_however_dear_they_are()
    {
        var pacing = new PromptPacing(1.1, 16);
        pacing.Learn(1, 0, 1e-3);
        for (var step = 0; step < 50; step++) pacing.Learn(1, 1, 10e-3);
        pacing.PromptRows(1).Should().Be(1);
    }
}
