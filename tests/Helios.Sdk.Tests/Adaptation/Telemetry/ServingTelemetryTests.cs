using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation.Telemetry;

/// <summary>What reaches an adaptation loop that is busy.</summary>
public class ServingTelemetryTests
{
    [Fact]
    public async Task Many_signals_of_one_kind_do_not_crowd_out_a_breach()
    {
        var telemetry = new ServingTelemetry(new AdaptationOptions());
        for (var i = 0; i < 10; i++) telemetry.Signal(LoopSignal.ReassessmentDue);
        telemetry.Signal(LoopSignal.Breach);

        await using var signals = telemetry.ReadSignalsAsync(CancellationToken.None).GetAsyncEnumerator();
        (await Next()).Should().Be(LoopSignal.ReassessmentDue);
        (await Next()).Should().Be(LoopSignal.Breach);

        telemetry.Signal(LoopSignal.ReassessmentDue);
        (await Next()).Should().Be(LoopSignal.ReassessmentDue, "the one before was read");

        async Task<LoopSignal> Next()
        {
            await signals.MoveNextAsync();
            return signals.Current;
        }
    }
}
