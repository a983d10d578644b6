using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Evaluation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Adaptation.Profiling;
using Helios.Sdk.Adaptation.Scoring;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Hosting;
using Helios.Sdk.Tests.Serving.Fakes;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Adaptation.Evaluation;

public sealed class ShadowScoringTests : IDisposable
{
    private readonly CollectingLogger log = new();
    private readonly AdaptationJournal journal;
    private readonly ServingTelemetry telemetry = new(new AdaptationOptions { MinShadowScoringRate = 0.1 });
    private readonly DeviceWork work = new(0.05, TimeProvider.System);
    private readonly Profiles profiles;

    public ShadowScoringTests()
    {
        journal = new AdaptationJournal(TimeProvider.System, new Logger<HeliosEngine>(log));
        var info = Sample.Model();
        var candidate = new Candidate(new ModelFacts(info, new LoadSize(1, [1, 1, 1, 1, 1, 1]), 0, new ConfidenceSource(Calibration.FromSidecar(info))), new AdaptationOptions());
        profiles = new Profiles([candidate], telemetry, new ProfileSettings(new ServingOptions(), Sample.Goals(), Sample.Kv));
    }

    public void Dispose() => log.Dispose();

    [Theory]
    [InlineData(AdaptationTrigger.Reassessment)]
    [InlineData(AdaptationTrigger.Quality)]
    public async Task A_bug_in_scoring_is_reported_and_what_was_asked_for_happens_all_the_same(AdaptationTrigger trigger)
    {
        var published = new List<AdaptationEvent>();
        using var watching = journal.Subscribe(published.Add);
        Keep(texts: 3);
        var shadow = Over(_ => throw new InvalidOperationException("a bug"));

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

        published.OfType<AdaptationEvent.EvaluationFailed>().Should().HaveCountGreaterThan(1).And.OnlyContain(failed => failed.Model == "m" && failed.Reason == "a bug");
        log.Of(LogLevel.Warning).Should().Contain(message => message.Contains("'m'", StringComparison.Ordinal) && message.Contains("a bug", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_what_is_owed_goes_past_the_share()
    {
        Keep(texts: 8);
        Owe(3);
        var scored = new List<(int Texts, bool Pays)>();
        var shadow = Over(texts => scored.Add((texts.Texts.Count, work.IsOwed)));

        shadow.Request(AdaptationTrigger.Quality, CancellationToken.None);
        await shadow.EndAsync();

        scored.Should().Equal((3, true), (8, false));
    }

    [Fact]
    public async Task What_is_owed_has_its_turn_after_every_few_texts_of_another()
    {
        Keep(texts: 8);
        var scored = new List<(int Texts, bool Pays)>();
        var shadow = Over(texts =>
        {
            scored.Add((texts.Texts.Count, work.IsOwed));
            if (scored.Count == 2) Owe(2);
        });

        shadow.Request(AdaptationTrigger.Reassessment, CancellationToken.None);
        await shadow.EndAsync();

        scored.Should().Equal((8, false), (4, false), (2, true), (4, false), (2, true));
    }

    private void Owe(int texts)
    {
        for (var i = 0; i < 10 * texts + 5; i++) telemetry.Sampling.Take();
        telemetry.Sampling.Owed.Should().Be(texts);
    }

    private void Keep(int texts)
    {
        for (var i = 1; i <= texts; i++) telemetry.Texts.Add(new FinishedText(new RequestId(i), [1, 2, 3], 1, new FakeTokenizer(), new OperatingPoint(new LoadTarget("m", 6))));
    }

    private ShadowScoring Over(Action<KeptTexts> score) => new(profiles, new Scoring(score), telemetry, new Serving(new OperatingPoint(new LoadTarget("m", 6))), work, journal);

    private sealed class Scoring(Action<KeptTexts> score) : ITextScoring
    {
        public Task CatchUpAsync(Candidate candidate, KeptTexts texts, CancellationToken cancellationToken)
        {
            score(texts);
            return Task.CompletedTask;
        }
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

        public void RenewBreachWatch() => throw new NotSupportedException();
    }
}
