using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

/// <summary>What another process takes away, and what it gives back.</summary>
public class PaceTests
{
    [Fact]
    public void Small_differences_are_the_cost_models_to_learn()
    {
        var pace = new Pace();
        for (var i = 0; i < 1000; i++) pace.Observe(1, 1.2);
        pace.Factor.Should().Be(1);
    }

    [Fact]
    public void One_long_step_is_no_change_of_pace()
    {
        var pace = new Pace();
        pace.Observe(1, 1000);
        pace.Factor.Should().Be(1);
    }

    [Fact]
    public void Predictions_hold_while_half_the_cores_are_taken_and_come_back_after()
    {
        var shared = new Pace();
        var serving = new CostModel(shared);
        var other = new CostModel(shared);
        Run(serving, 1, 200);
        Run(other, 1, 200);

        Run(serving, 2, 64);
        serving.Current.PredictStep(8, 6, 10).Should().BeApproximately(2 * Seconds(1), 0.1 * Seconds(1));
        other.Current.PredictStep(8, 6, 10).Should().BeApproximately(2 * Seconds(1), 0.25 * Seconds(1), "the machine is as slow for a model that does not run");

        Run(serving, 2, 2000);
        Run(serving, 1, 64);
        serving.Current.PredictStep(8, 6, 10).Should().BeApproximately(Seconds(1), 0.1 * Seconds(1));
        serving.Current.RelativeError.Should().BeLessThan(0.5);
    }

    private static double Seconds(double slower) => slower * (0.001 + 0.002 + 6 * 0.003);

    private static void Run(CostModel model, double slower, int steps)
    {
        for (var i = 0; i < steps; i++)
            model.Observe(new StepTiming(8, 8, 6, 80, new StepTimes(slower * 6 * 0.003, slower * 0.002, slower * 0.001)));
    }
}
