using System.Text.Json.Nodes;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Requests that insist on a point, at moments when it is easily missed.</summary>
public class InsistentRequestTests
{
    public static TheoryData<GenerationRequest> Insistent => new()
    {
        GenerationRequest.FromText("Tom") with { MaxTokens = 2, Model = "tiny-s" },
        GenerationRequest.FromText("Tom") with { MaxTokens = 2, FullDepth = true },
    };

    [Theory]
    [MemberData(nameof(Insistent))]
    public async Task What_serves_answers_who_insists_on_it_though_another_candidate_is_evaluated(GenerationRequest request)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("tiny-m")));
        var layers = engine.Engine.Parts.Device.Pool.Find("tiny-m").Info.Architecture.Layers;
        var result = await engine.Engine.Pool.AcquireAsync(new LoadTarget("tiny-m", layers));
        using var lease = (ModelLease)((AcquireResult.Acquired)result).Lease;
        engine.Engine.Parts.Adaptation.Switcher.Evaluate(new Route(new OperatingPoint(lease.Target), lease, ExitPolicyParser.Parse("none")), requests: 1);

        (await engine.AskAsync(request)).Point!.Target.Model.Should().Be("tiny-s");
        (await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 })).Point!.Target.Model.Should().Be("tiny-m", "who takes what comes is the one evaluated with");
    }

    [Fact]
    public async Task An_answer_that_passes_the_context_of_the_model_insisted_on_is_refused_at_once()
    {
        using var folder = ModelPoolTests.Copy("tiny-s");
        var config = JsonNode.Parse(await File.ReadAllTextAsync(folder["config.json"]))!;
        config["max_position_embeddings"] = 32;
        await File.WriteAllTextAsync(folder["config.json"], config.ToJsonString());
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "short").AddModel(TestData.Model("tiny-s")).ServeFixed(depth: 4));
        await engine.Engine.Ready;

        var ask = async () => await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 100, FullDepth = true, IgnoreEndOfSequence = true });
        (await ask.Should().ThrowAsync<ArgumentException>()).WithMessage("*of the 32 tokens in the context of 'short' are the prompt's*");
        await engine.SettleAsync();
        engine.MustBeIdle();
    }
}
