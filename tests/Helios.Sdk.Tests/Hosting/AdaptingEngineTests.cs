using Helios.Sdk.Tests.Adaptation.Loading;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>The engine with its adaptation loop on.</summary>
public class AdaptingEngineTests
{
    [Fact]
    public async Task It_evaluates_its_candidates_selects_one_and_says_why()
    {
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
            .EvaluateCandidates(candidates: 2, requestsPerCandidate: 3));
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);
        engine.Engine.Reassess();
        await events.WaitAsync("reassessed", 1);

        events.OfType<AdaptationEvent.Evaluated>().Select(evaluated => evaluated.Model).Should().BeEquivalentTo("tiny-s", "tiny-m");
        foreach (var evaluated in events.OfType<AdaptationEvent.Evaluated>())
        {
            evaluated.Profiles.Select(profile => profile.Point.Target.Depth).Should().BeInAscendingOrder().And.HaveCount(5);
            evaluated.Profiles.Should().OnlyContain(profile => profile.Throughput > 0 && profile.TtftMs > 0 && profile.BitsPerByte > 0 && profile.EvidenceTokens > 0);
            evaluated.Profiles[^1].Agreement.Should().Be(1);
        }

        var decisions = engine.Engine.Decisions;
        decisions.Should().HaveCountGreaterThanOrEqualTo(2);
        decisions[0].Trigger.Should().Be(AdaptationTrigger.Start);
        decisions.Should().OnlyContain(decision => decision.Reason.Length > 10 && decision.Considered.Length == 10);
        decisions[^1].Considered.Should().OnlyContain(point => point.Score != null || point.InfeasibleBecause != null);
        engine.Snapshot.Profiles.Should().HaveCount(10);
        engine.Snapshot.Serving.Should().NotBeNull();
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task A_candidate_whose_file_is_damaged_does_not_stop_the_service()
    {
        using var folder = ModelPoolTests.Copy("tiny-m");
        GatedBackend? gated = null;
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).AddModel(folder.Path, "broken").EvaluateCandidates(2, 3),
            backend =>
            {
                gated = new GatedBackend(backend);
                _ = gated.CloseBefore("broken", -1);
                return gated;
            });
        var events = new EventLog(engine.Engine);
        ModelPoolTests.Truncate(engine.Engine.Parts.Device.Pool.Find("broken").Checkpoint, 5);
        gated!.Open("broken", -1);
        await events.EvaluateAsync(engine);
        engine.Engine.Reassess();
        await events.WaitAsync("reassessed", 1);

        events.OfType<AdaptationEvent.LoadFailed>().Should().Contain(failed => failed.Target.Model == "broken" && failed.Reason.Length > 0);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");
        engine.Engine.Decisions.Should().OnlyContain(decision => decision.Chosen.Target.Model == "tiny-s");
        engine.Engine.Pool.Snapshot.Models.Single(model => model.Info.Name == "broken").LoadedLayers.Should().Be(0);
    }

    [Fact]
    public async Task Stopping_in_the_middle_of_an_evaluation_frees_everything()
    {
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m")).EvaluateCandidates(2, 50));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => engine.AskAsync(EventLog.Request(i))));
        await engine.Engine.StopAsync().WaitAsync(TestEngine.Patience);
        engine.Backend.AllocatedBytes.Should().Be(0);
    }
}
