using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

/// <summary>What another process takes away, and what it gives back.</summary>
public class PaceTests
{
    private readonly Pace pace = new();

    [Fact]
    public void Small_differences_of_the_usual_step_are_the_cost_models_to_learn()
    {
        for (var i = 0; i < 1000; i++) pace.Observe(1, 1.2);
        pace.Usual.Should().Be(1);
    }

    [Fact]
    public void One_long_step_is_no_change_of_pace()
    {
        pace.Observe(1, 1000);
        pace.StepRan(1, 1000);
        pace.Usual.Should().Be(1);
        pace.Factor.Should().BeLessThan(1.1);
    }

    [Fact]
    public void Short_steps_held_up_now_and_then_count_by_their_mean_and_leave_the_usual_one_alone()
    {
        const double Step = 0.0001;
        for (var i = 0; i < 20_000; i++)
        {
            var measured = i % 20 == 0 ? 30 * Step : Step;
            pace.Observe(Step, measured);
            pace.StepRan(Step, measured);
        }

        pace.Factor.Should().BeApproximately(49 / 20.0, 0.1);
        pace.Usual.Should().BeLessThan(1.5);
    }

    [Fact]
    public void Predictions_hold_while_half_the_cores_are_taken_and_come_back_after()
    {
        var serving = new CostModel(pace);
        var other = new CostModel(pace);
        Run(serving, 1, 200);
        Run(other, 1, 200);

        Run(serving, 2, 128);
        serving.Current.PredictStep(8, 6, 10).Should().BeApproximately(2 * Seconds(1), 0.1 * Seconds(1));
        other.Current.PredictStep(8, 6, 10).Should().BeApproximately(2 * Seconds(1), 0.25 * Seconds(1), "the machine is as slow for a model that does not run");

        Run(serving, 2, 2000);
        Run(serving, 1, 128);
        serving.Current.PredictStep(8, 6, 10).Should().BeApproximately(Seconds(1), 0.1 * Seconds(1));
        serving.Current.RelativeError.Should().BeLessThan(0.5);
    }

    private static double Seconds(double slower) => slower * (0.001 + 0.002 + 6 * 0.003);

    private void Run(CostModel model, double slower, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            var step = new StepTiming(8, 8, 6, 80, new StepTimes(slower * 6 * 0.003, slower * 0.002, slower * 0.001));
            if (model.Unhurried.IsMeasured) pace.StepRan(model.Unhurried.PredictStep(8, 6, 10), step.Times.Total);
            model.Observe(step);
        }
    }
}
