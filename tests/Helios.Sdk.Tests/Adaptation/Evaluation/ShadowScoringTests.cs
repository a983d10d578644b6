using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Tests.Hosting;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

public class ShadowScoringTests
{
    [Theory]
    [InlineData(AdaptationTrigger.Reassessment)]
    [InlineData(AdaptationTrigger.Quality)]
    public async Task A_bug_in_scoring_is_told_and_what_was_asked_for_happens_all_the_same(AdaptationTrigger trigger)
    {
        using var log = new CollectingLogger();
        var journal = new AdaptationJournal(TimeProvider.System, new Logger<HeliosEngine>(log));
        var told = new List<AdaptationEvent>();
        using var watching = journal.Subscribe(told.Add);
        var options = new AdaptationOptions();
        var telemetry = new ServingTelemetry(options);
        var candidate = new Candidate(new CandidateModel(Sample.Model(), new LoadSize(1, [1, 1, 1, 1, 1, 1]), 0, new ConfidenceSource(Calibration.FromSidecar(Sample.Model()))), options);
        var profiles = new Profiles([candidate], telemetry, new ProfileSettings(new ServingOptions(), () => 1 << 20, 1 << 10, shape => shape.Layers));
        var shadow = new ShadowScoring(profiles, new FaultyScoring(), telemetry, new Serving(new OperatingPoint(new LoadTarget("m", 6))), journal);

        for (var turn = 0; turn < 2; turn++)
        {
            shadow.Request(trigger, CancellationToken.None);
            await shadow.EndAsync();
            await foreach (var signal in telemetry.Signals.ReadAsync(CancellationToken.None))
            {
                signal.Should().Be(new LoopSignal(trigger, Scored: true));
                break;
            }
        }

        told.OfType<AdaptationEvent.EvaluationFailed>().Should().HaveCountGreaterThan(1).And.OnlyContain(failed => failed.Model == "m" && failed.Reason == "a bug");
        log.Of(LogLevel.Warning).Should().Contain(message => message.Contains("'m'", StringComparison.Ordinal) && message.Contains("a bug", StringComparison.Ordinal));
    }

    private sealed class FaultyScoring : ITextScoring
    {
        public Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");
    }

    private sealed class Serving(OperatingPoint point) : IPointSwitcher
    {
        public OperatingPoint? Present => point;

        public double LoadBytesPerSecond => 1;

        public Task<string?> ServeAsync(OperatingPoint next, int? maxBatch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void LimitBatch(int? maxBatch) => throw new NotSupportedException();

        public long BytesToLoad(LoadTarget target) => throw new NotSupportedException();

        public long BytesWithOneSequence(LoadTarget target) => throw new NotSupportedException();

        public string? Unreachable(LoadTarget target) => throw new NotSupportedException();

        public void ResetGuard() => throw new NotSupportedException();
    }
}
