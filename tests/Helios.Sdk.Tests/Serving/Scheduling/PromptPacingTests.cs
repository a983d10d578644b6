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

    [Theory]
    [InlineData(1, 0.02)]
    [InlineData(8, 0.02)]
    [InlineData(60, 0.02)]
    public void Steps_that_are_short_anyway_are_filled_up_to_the_time_that_is_free(int decodeRows, double unpaced)
    {
        var pacing = new PromptPacing(1.1, 16, unpaced);
        var sum = 0;
        for (var step = 0; step < 2000; step++)
        {
            var rows = Math.Min(pacing.PromptRows(decodeRows), 256 - decodeRows);
            pacing.Learn(decodeRows, rows, Step(decodeRows + rows));
            if (step >= 100) sum += rows;
            if (step >= 100) Step(decodeRows + rows).Should().BeLessThanOrEqualTo(unpaced * 1.15);
        }

        var best = Enumerable.Range(1, 256).Last(rows => Step(decodeRows + rows) <= unpaced);
        (sum / 1900.0).Should().BeGreaterThan(0.75 * best);
    }

    [Theory]
    [InlineData(0, 1.8)]
    [InlineData(0.1, 1.8)]
    [InlineData(0.2, 1.8)]
    [InlineData(0.1, 3)]
    public void Noise_does_not_lead_it_astray(double noise, double stretch)
    {
        // Rows run in eights: 8 take 6.2 ms, 16 take 10.7, 24 take 15.2.
        var random = new Random(1);
        var pacing = new PromptPacing(stretch, 16);
        var rows = new List<int>();
        for (var step = 0; step < 4000; step++)
        {
            rows.Add(pacing.PromptRows(8));
            var heldUp = random.Next(100) == 0 ? 2 : 1;
            pacing.Learn(8, rows[^1], (1.7e-3 + Math.Ceiling((8 + rows[^1]) / 8.0) * 4.5e-3) * heldUp * (1 + noise * (2 * random.NextDouble() - 1)));
        }

        var best = stretch < 2 ? 8 : 24;
        rows.Average().Should().BeInRange(0.6 * best, 1.1 * best);
        rows.Count(count => count > best).Should().BeLessThan(100, "now and then it tries a row more");
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
        tooLong.Should().BeLessThan(5);
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(4, 4)]
    [InlineData(5, 11)]
    [InlineData(8, 8)]
    [InlineData(33, 7)]
    public void Prompts_advance_by_a_tile_that_was_begun_however_dear_they_are(int decodeRows, int expected)
    {
        var pacing = new PromptPacing(1.1, 16);
        pacing.Learn(decodeRows, 0, 1e-3);
        for (var step = 0; step < 50; step++) pacing.Learn(decodeRows, 1, 10e-3);
        pacing.PromptRows(decodeRows).Should().Be(expected);
    }
}
