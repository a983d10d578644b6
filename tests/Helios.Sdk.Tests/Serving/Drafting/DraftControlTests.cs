using Helios.Sdk.Serving.Drafting;

namespace Helios.Sdk.Tests.Serving.Drafting;

public class DraftControlTests
{
    [Fact]
    public void Where_rows_cost_nothing_more_a_token_earns_its_row_with_the_chance_its_layers_below_the_exit_cost()
    {
        var control = Control(rows => 1, head: 0);
        control.LeastChance(new StepSize(1, 1), rows: 1, left: 1, mean: 0.5, known: true).Should().BeApproximately(0.25, 1e-9, "3 of 12 layers are run for it alone");
        control.LeastChance(new StepSize(1, 1), rows: 1, left: 7, mean: 0.9, known: true).Should().BeLessThanOrEqualTo(0.25, "others may follow it");
    }

    [Fact]
    public void Where_every_row_costs_a_step_nothing_is_worth_drafting()
    {
        var control = Control(rows => rows, head: 0);
        control.LeastChance(new StepSize(1, 1), 1, 7, 0.9, known: true).Should().BeGreaterThanOrEqualTo(1);
        control.LeastChance(new StepSize(8, 8), 8, 7, 0.9, known: true).Should().BeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public void An_exit_check_costs_a_head()
    {
        var control = Control(rows => 1, head: 3);
        var known = control.LeastChance(new StepSize(1, 1), 1, 1, 0.5, known: true);
        var yetToCheck = control.LeastChance(new StepSize(1, 1), 1, 1, 0.5, known: false);
        (yetToCheck - known).Should().BeApproximately(3.0 / 15, 1e-9);
    }

    [Fact]
    public void A_number_of_rows_that_is_quick_is_aimed_at_over_one_that_is_slow()
    {
        // Three rows are slower than four, as kernels may have it: a second draft alone does not pay, two more do.
        var control = Control(rows => rows switch { 3 => 3, _ => 1 }, head: 0);
        control.LeastChance(new StepSize(1, 2), 1, left: 1, mean: 0.9, known: true).Should().BeGreaterThan(1);
        control.LeastChance(new StepSize(1, 2), 1, left: 2, mean: 0.9, known: true).Should().BeLessThan(0.5);
    }

    [Fact]
    public void It_rests_while_drafting_does_not_pay_and_tries_again_ever_less_often()
    {
        var control = new DraftControl(3, 12);
        PlainRuns(control, steps: 1880, draftSeconds: 2).Should().Equal(1, 1, 16, 1, 32, 1, 64, 1, 128, 1, 256, 1, 512, 1, 512, 1);
        PlainRuns(control, steps: 1000, draftSeconds: 0.9).TakeLast(20).Should().OnlyContain(length => length == 1, "it pays");
        PlainRuns(control, steps: 80, draftSeconds: 2).Should().Contain(16, "while it paid the rests to come got shorter");
    }

    [Fact]
    public void Without_plain_steps_to_be_measured_against_it_drafts()
    {
        var control = new DraftControl(3, 12);
        for (var i = 0; i < 100; i++) control.DraftRan(1, 100);
        control.Plan(1);
        control.Plan(2);
        control.IsDrafting.Should().BeTrue();
        control.Plan(2);
        control.IsDrafting.Should().BeTrue("it is the same step");
    }

    [Fact]
    public void One_step_in_sixteen_is_plain()
    {
        var control = new DraftControl(3, 12);
        control.IsDrafting.Should().BeFalse("no step is being planned");
        var drafting = Enumerable.Range(0, 48).Select(step =>
        {
            control.Plan(step);
            return control.IsDrafting;
        }).ToList();
        drafting.Select((drafts, i) => drafts == (i % 16 != 0)).Should().OnlyContain(asExpected => asExpected);
    }

    [Theory]
    [InlineData(1, "1 2 3 4 5 6 7 1")]
    [InlineData(4, "1 2 3 3 3 3 3 1")]
    [InlineData(64, "1 1 1 1 1 1 1 1")]
    public void The_first_step_of_a_window_tries_a_length_each_in_its_turn(int sequences, string expected)
    {
        var control = new DraftControl(3, 12);
        var tried = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            tried.Add(control.Tried(sequences));
            control.DraftRan(1, 1);
            control.Tried(sequences).Should().Be(0);
            for (var step = 1; step < 16; step++) control.DraftRan(1, 1);
        }

        string.Join(' ', tried).Should().Be(expected);
    }

    [Fact]
    public void Acceptance_is_learnt_by_signal_and_apart_for_drawn_tokens()
    {
        var control = new DraftControl(3, 12);
        for (var i = 0; i < 500; i++)
        {
            control.Acceptance(draws: false).Learn(0.95f, accepted: true);
            control.Acceptance(draws: false).Learn(0.05f, accepted: i % 4 == 0);
        }

        var greedy = control.Acceptance(draws: false);
        greedy.At(0.95f).Should().BeGreaterThan(0.99);
        greedy.At(0.05f).Should().BeApproximately(0.25, 0.02);
        greedy.At(0.5f).Should().Be(0.5, "nothing was learnt of it");
        greedy.Mean.Should().BeApproximately(0.625, 0.03);
        greedy.At(float.NaN).Should().Be(greedy.At(0));
        greedy.At(1).Should().Be(greedy.At(0.95f));
        control.Acceptance(draws: true).Mean.Should().Be(0.5);
    }

    /// <summary>Runs steps, a plain one in a second, and returns how many plain ones came together each time.</summary>
    private static List<int> PlainRuns(DraftControl control, int steps, double draftSeconds)
    {
        var (runs, length) = (new List<int>(), 0);
        for (var step = 0; step < steps; step++)
        {
            control.Plan(step);
            if (!control.IsDrafting)
            {
                control.PlainRan(1, 1);
                length++;
                continue;
            }

            control.DraftRan(1, draftSeconds);
            if (length > 0) runs.Add(length);
            length = 0;
        }

        return runs;
    }

    private static DraftControl Control(Func<int, double> layer, double head)
    {
        var control = new DraftControl(3, 12);
        for (var rows = 1; rows <= 64; rows++)
        {
            control.Below.Observe(rows, 3 * layer(rows));
            control.Above.Observe(rows, 9 * layer(rows));
            if (head > 0) control.Head.Observe(rows, head);
        }

        return control;
    }
}
