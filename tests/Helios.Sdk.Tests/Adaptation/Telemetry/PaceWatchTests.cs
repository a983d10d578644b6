using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Decoding;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>Whether steps take as long as predicted.</summary>
public class PaceWatchTests
{
    private readonly PaceWatch watch = new(new Dictionary<string, StepCosts>(StringComparer.Ordinal) { ["m"] = new StepCosts { OtherSeconds = 0.010 } });

    [Theory]
    [InlineData(2.0)]
    [InlineData(0.5)]
    public void Steps_twice_or_half_as_long_are_told_of_once(double slower)
    {
        Run("m", 1, 100).Should().Be(0);
        Run("m", slower, 200).Should().Be(1);
    }

    [Fact]
    public void A_tenth_more_is_not() => Run("m", 1.1, 500).Should().Be(0);

    [Fact]
    public void A_model_without_predictions_is_not() => Run("other", 2, 500).Should().Be(0);

    private int Run(string model, double slower, int steps) =>
        Enumerable.Range(0, steps).Count(_ => watch.StepRan(model, new StepTiming(1, 1, 1, 1, new StepTimes(0, 0, slower * 0.010))));
}
