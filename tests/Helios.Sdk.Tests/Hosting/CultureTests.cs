namespace Helios.Sdk.Tests.Hosting;

/// <summary>Engines of applications whose users write 0,8.</summary>
public class CultureTests
{
    [Theory]
    [InlineData("confidence:0.8")]
    [InlineData("top1:0.9")]
    [InlineData("margin:0.3")]
    [InlineData("entropy:1.5,min=3")]
    public async Task A_static_engine_serves_by_a_policy_with_a_decimal_point(string policy)
    {
        using var _ = Cultures.Use(Cultures.German);
        await using var engine = await TestEngine.ServeAsync("tiny-s", policy: policy);
        engine.Snapshot.Serving!.ExitPolicy.Should().Be(policy);
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData(Cultures.German)]
    [InlineData(Cultures.Swedish)]
    public async Task An_adaptive_engine_evaluates_and_changes_its_point(string culture)
    {
        using var _ = Cultures.Use(culture);
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
            .EvaluateCandidates(candidates: 2, requestsPerCandidate: 3)
            .Configure(options =>
            {
                options.Serving.ExitPolicy = "confidence:0.8";
                options.Adaptation.MaxQualityGap = null;
                options.Adaptation.ConfidenceTarget = 0.01;
            }));
        await new EventLog(engine.Engine).EvaluateAsync(engine);

        var quality = await engine.Engine.SetObjectiveAsync("quality").WaitAsync(TestEngine.Patience);
        var memory = await engine.Engine.SetObjectiveAsync("memory").WaitAsync(TestEngine.Patience);

        memory.Chosen.Should().NotBe(quality.Chosen);
        engine.Snapshot.Serving.Should().Be(memory.Chosen);
        engine.Snapshot.Serving!.ExitPolicy.Should().Be("confidence:0.8");
        engine.Engine.Decisions.Should().OnlyContain(decision => decision.NotCarriedOutBecause == null && !decision.Reason.Contains('\u2212'));
    }
}
