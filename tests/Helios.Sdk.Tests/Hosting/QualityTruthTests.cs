using System.Diagnostics.Metrics;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Lab;
using Helios.Sdk.Tests.Adaptation.Certification;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Checkpoints;
using Xunit.Abstractions;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What scoring at full depth shows, the engine acts upon.</summary>
public class QualityTruthTests(ITestOutputHelper output)
{
    /// <summary>An exit that nobody trained for one, and a calibration that calls it sure whatever it says.</summary>
    private const string Trap = """
        { "version": 1, "exits": [{ "layers": 3 }], "calibration": { "signal": "top1", "exits": { "3": [[0.01, 0.98], [0.99, 0.99]] } } }
        """;

    /// <summary>Text that the model was trained on: there its full depth is worth something.</summary>
    private static readonly string[] Stories =
    [
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her",
        "One day, a big dog saw a small bird in the garden. The dog wanted to play with the bird, but the bird was",
        "Tom had a red ball. He liked to throw the ball high in the sky. One day, the ball went over the",
        "There was a boy who had a toy car. He was very happy and he showed the car to his mom. His mom",
        "The sun was warm and the sky was blue. Mia and Ben went to the beach to make a castle with sand. They",
    ];

    [Fact]
    public async Task What_is_sure_and_wrong_is_caught_by_scoring_alone()
    {
        using var folder = ModelPoolTests.Copy("stories260K");
        await File.WriteAllTextAsync(folder["helios.json"], Trap);

        // Every confidence will do: the breach counter sees nothing, ever.
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(folder.Path, "trap").EvaluateCandidates(1, 5)
            .Configure(options => options.Adaptation.ConfidenceTarget = 0));
        var selected = Published<AdaptationEvent.Selected>(engine);
        var caught = Published<AdaptationEvent.QualityBreach>(engine);
        var deepened = Published<AdaptationEvent.Deepened>(engine);
        await AskUntilAsync(engine, selected, Stories);
        engine.Snapshot.Serving!.Target.Depth.Should().Be(5, "evaluation knows the trap for what it is");

        // As if what is known of it were from other traffic.
        engine.Engine.Parts.Adaptation.Profiles.Forget();
        await engine.PublishAsync("trap", 3);
        await AskUntilAsync(engine, caught, Stories);
        await deepened;

        var breach = await caught;
        output.WriteLine($"caught after {breach.ServedTokens} served and {breach.ScoredTokens} scored tokens: {breach.Reason}");
        breach.Point.Target.Depth.Should().Be(3);
        breach.ServedTokens.Should().BePositive();
        breach.ScoredTokens.Should().BePositive();
        breach.Profile.QualityGapInterval!.Value.Low.Should().BeGreaterThan(0.1);
        breach.Profile.BreachRate.Should().Be(0, "its confidence looks fine");
        (await deepened).Decision.Trigger.Should().Be(AdaptationTrigger.Quality);
        engine.Snapshot.Serving!.Target.Depth.Should().Be(5);
    }

    [Fact]
    public async Task Too_little_evidence_is_said_and_asks_for_more()
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).EvaluateCandidates(1, 5));
        await AskUntilAsync(engine, Published<AdaptationEvent.Selected>(engine));
        var present = engine.Snapshot.Serving;
        engine.Engine.Parts.Adaptation.Profiles.Forget();
        var reassessed = Published<AdaptationEvent.Reassessed>(engine);

        engine.Engine.Reassess();

        var decision = (await reassessed).Decision;
        decision.Reason.Should().Contain("has evidence from 0 requests, and needs 5").And.Contain("more texts are scored");
        decision.Chosen.Should().Be(present);
        engine.Engine.Parts.Serving.Telemetry.Sampling.WantsMore.Should().BeTrue();
    }

    [Fact]
    public async Task Only_what_is_certified_serves_when_certificates_are_required()
    {
        using var folder = new TempFolder();
        using var checkpoint = Checkpoint.Open(TestData.Model("tiny-s"));
        CertificateFile.Save(CertificateFileTests.Sample(checkpoint.Info.Fingerprint, new CertifiedPoint(5, "none", 0.01, 0.04)), folder["c.json"]);
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).EvaluateCandidates(1, 5)
            .RequireCertificates(folder["c.json"]).LimitQualityGap(null));
        var selected = Published<AdaptationEvent.Selected>(engine);
        await AskUntilAsync(engine, selected);

        var considered = (await selected).Decision.Considered;
        considered.Where(point => point.Point.Target.Depth < 5).Should().OnlyContain(point => point.InfeasibleBecause!.Contains("no certificate"));
        considered.Where(point => point.Point.Target.Depth >= 5).Should().OnlyContain(point => !(point.InfeasibleBecause ?? "").Contains("no certificate"));
        engine.Snapshot.Serving!.Target.Depth.Should().BeGreaterThanOrEqualTo(5);
    }

    [Fact]
    public void A_certificate_of_another_model_is_refused_at_once()
    {
        using var folder = new TempFolder();
        CertificateFile.Save(CertificateFileTests.Sample("another", new CertifiedPoint(5, "none", 0.01, 0.04)), folder["c.json"]);

        var build = () => TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).Configure(options => options.Adaptation.Certificates.Add(folder["c.json"])));

        build.Should().Throw<ArgumentException>().WithMessage("*c.json*another*tiny-s*");
    }

    [Fact]
    public async Task Quality_is_there_as_metrics_with_both_ends_of_its_interval()
    {
        using var folder = ModelPoolTests.Copy("tiny-s");
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "measured").EvaluateCandidates(1, 5));
        await AskUntilAsync(engine, Published<AdaptationEvent.Selected>(engine));
        var seen = new Dictionary<(string Instrument, object? Depth, object? Bound), double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Helios.Sdk") self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            var named = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal);
            if (named.GetValueOrDefault("model") as string == "measured" && named.TryGetValue("bound", out var bound)) seen[(instrument.Name, named["depth"], bound)] = value;
        });
        listener.Start();

        // Scoring goes on in the background: what was read is of one moment if nothing changed meanwhile.
        PointProfile profile;
        do
        {
            profile = engine.Snapshot.Profiles[0];
            listener.RecordObservableInstruments();
        }
        while (!ReferenceEquals(profile, engine.Snapshot.Profiles[0]));

        seen[("helios.quality.gap", 2, "estimate")].Should().Be(profile.QualityGap);
        seen[("helios.quality.gap", 2, "low")].Should().Be(profile.QualityGapInterval!.Value.Low);
        seen[("helios.quality.agreement", 2, "high")].Should().Be(profile.AgreementInterval!.Value.High);
        seen.Should().ContainKey(("helios.quality.breach_rate", 2, "estimate"));
    }

    private static async Task AskUntilAsync(TestEngine engine, Task done, string[]? prompts = null)
    {
        prompts ??= Prompts.All;
        for (var i = 0; !done.IsCompleted; i++)
            await Task.WhenAll(Enumerable.Range(0, 2).Select(j => engine.AskAsync(GenerationRequest.FromText(prompts[(2 * i + j) % prompts.Length]) with { MaxTokens = 16, IgnoreEndOfSequence = true })));
        await done;
    }

    private static Task<T> Published<T>(TestEngine engine)
        where T : AdaptationEvent
    {
        var published = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Engine.Observe(happened =>
        {
            if (happened is T wanted) published.TrySetResult(wanted);
        });
        return published.Task.WaitAsync(TestEngine.Patience);
    }
}
