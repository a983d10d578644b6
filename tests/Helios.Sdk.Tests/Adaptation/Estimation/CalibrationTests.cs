using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.ExitPolicies;

namespace Helios.Sdk.Tests.Adaptation.Estimation;

public class CalibrationTests
{
    private static readonly Calibration Top1 = Calibration.FromSidecar(Sample.Model(calibration: Sample.Calibration(
        ExitSignalKind.Top1, (2, [new(0.1, 0.4), new(0.5, 0.8), new(0.9, 0.9)]))));

    [Theory]
    [InlineData(0.0, 0.4)]
    [InlineData(0.1, 0.4)]
    [InlineData(0.2, 0.5)] // a quarter of the way from 0.4 to 0.8
    [InlineData(0.5, 0.8)]
    [InlineData(0.7, 0.85)]
    [InlineData(0.9, 0.9)]
    [InlineData(1.0, 0.9)]
    [InlineData(double.NaN, 0.0)]
    public void It_is_linear_between_points_and_level_beyond(double signal, double expected)
    {
        Top1.Map(2, new ExitSignal { Top1 = (float)signal }).Should().BeApproximately((float)expected, 1e-6f);
    }

    [Fact]
    public void Full_depth_is_sure_and_an_exit_without_a_curve_is_not()
    {
        Top1.Map(6, default(ExitSignal)).Should().Be(1);
        Top1.Map(4, new ExitSignal { Top1 = 1 }).Should().Be(0);
        Calibration.FromSidecar(Sample.Model()).Map(2, new ExitSignal { Top1 = 1 }).Should().Be(0);
    }

    [Fact]
    public void It_reads_the_signal_it_maps_from()
    {
        Calibration With(ExitSignalKind kind) => Calibration.FromSidecar(Sample.Model(calibration: Sample.Calibration(kind, (2, [new(-2, 0), new(0, 1)]))));
        var signal = new ExitSignal { Top1 = 0.9f, Margin = 0.5f, Entropy = 1 };

        With(ExitSignalKind.NegativeEntropy).Map(2, signal).Should().BeApproximately(0.5f, 1e-6f);
        With(ExitSignalKind.NegativeEntropy).Needs.Should().Be(ExitSignals.Entropy);
        With(ExitSignalKind.Margin).Needs.Should().Be(ExitSignals.Margin);
        With(ExitSignalKind.Top1).Needs.Should().Be(ExitSignals.Top1);
    }

    [Fact]
    public void It_allocates_nothing()
    {
        var signal = new ExitSignal { Top1 = 0.3f };
        Top1.Map(2, signal);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++) Top1.Map(2, signal);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
