using Helios.Sdk.Tests.Adaptation.Loading;
using Microsoft.Extensions.DependencyInjection;

namespace Helios.Sdk.Tests.Hosting;

public class AcceptanceEdgeTests
{
    [Fact]
    public async Task A_model_without_a_tokenizer_is_served_and_scored_by_ids()
    {
        using var folder = ModelPoolTests.Copy("tiny-s");
        File.Delete(Path.Combine(folder.Path, "tokenizer.json"));
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "bare").ServeFixed());
        await using var whole = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromTokens([743, 727, 258]) with { MaxTokens = 12, IgnoreEndOfSequence = true };

        var answer = await engine.AskAsync(request);

        answer.TokenIds.Should().Equal((await whole.AskAsync(request)).TokenIds);
        answer.Text.Should().BeEmpty();
        (await engine.Engine.Lab.ScoreAsync("bare", [743, 727, 258])).Depths.Should().HaveCount(6);
        var text = () => engine.AskAsync(GenerationRequest.FromText("Once") with { MaxTokens = 2 });
        (await text.Should().ThrowAsync<CheckpointException>()).WithMessage("*tokenizer.json*bare*");
    }

    [Fact]
    public void A_second_engine_in_one_container_is_refused()
    {
        var services = new ServiceCollection().AddHelios(builder => builder.AddModel(TestData.Model("tiny-s")));
        var again = () => services.AddHelios(builder => builder.AddModel(TestData.Model("tiny-m")));
        again.Should().Throw<InvalidOperationException>().WithMessage("*AddHelios*");
    }

    [Fact]
    public async Task A_point_that_does_not_fit_beside_what_serves_is_not_chosen()
    {
        // tiny-m whole leaves less than tiny-s takes, but enough to score it.
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-m")).AddModel(TestData.Model("tiny-s"))
            .UseMemoryBudget(30 << 20).EvaluateCandidates(2, 3).Optimize("throughput").LimitQualityGap(null));
        var selected = new TaskCompletionSource<AdaptationDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.Selected { Decision: var decision }) selected.TrySetResult(decision);
        });
        while (!selected.Task.IsCompleted)
            await engine.AskAsync(GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 8, IgnoreEndOfSequence = true });

        (await selected.Task).Considered.Single(point => point.Point.Target is { Model: "tiny-s", Depth: 6 }).InfeasibleBecause.Should().Contain("beside the active point");
    }
}
