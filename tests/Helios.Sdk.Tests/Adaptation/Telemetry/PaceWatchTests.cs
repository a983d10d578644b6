using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>Whether steps take as long as when a decision was last made.</summary>
public class PaceWatchTests
{
    private const double StepSeconds = 0.010;

    private readonly Pace pace = new();
    private PaceWatch watch;

    public PaceWatchTests() => watch = Decided();

    [Theory]
    [InlineData(2.0)]
    [InlineData(0.5)]
    public void Steps_twice_or_half_as_long_are_reported_once(double slower)
    {
        Run("m", 1, 100).Should().Be(0);
        Run("m", slower, 500).Should().Be(1);
        pace.Factor.Should().BeApproximately(slower, 0.01, "it goes on measuring");
    }

    [Fact]
    public void A_tenth_more_is_not() => Run("m", 1.1, 500).Should().Be(0);

    [Fact]
    public void A_model_without_predictions_is_not() => Run("other", 2, 500).Should().Be(0);

    [Fact]
    public void A_pace_that_was_decided_on_is_not_reported_again_but_its_end_is()
    {
        Run("m", 2, 500).Should().Be(1);
        watch = Decided();
        Run("m", 2, 500).Should().Be(0);
        Run("m", 1, 500).Should().Be(1);
    }

    [Fact]
    public void Short_steps_that_scatter_widely_around_a_steady_mean_are_not()
    {
        // Log-normal with a deviation of 1 and a mean of 1: half of them take less than 0.61.
        var random = new Random(3);
        var reported = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            if (watch.StepRan("short", Step(0.0001 * Math.Exp(normal - 0.5)))) reported++;
        }

        reported.Should().Be(0);
    }

    private PaceWatch Decided() => new(
        new Dictionary<string, StepCosts>(StringComparer.Ordinal)
        {
            ["m"] = new StepCosts { OtherSeconds = StepSeconds },
            ["short"] = new StepCosts { OtherSeconds = 0.0001 },
        },
        pace);

    private int Run(string model, double slower, int steps) =>
        Enumerable.Range(0, steps).Count(_ => watch.StepRan(model, Step(slower * StepSeconds)));

    private static StepTiming Step(double seconds) => new(1, 1, 1, 1, new StepTimes(0, 0, seconds));
}
