using Helios.Sdk.Tests.Checkpoints;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>A request's own options win; of what it leaves open the model's generation config decides.</summary>
public class SamplingDefaultsTests
{
    private static readonly GenerationRequest Request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 32, IgnoreEndOfSequence = true };

    public static TheoryData<string, SamplingOptions, SamplingOptions> Cases => new()
    {
        // The model's config; what is asked; what that means on a model without one.
        { """{"do_sample":true,"temperature":1.2,"top_k":30,"top_p":0.9,"min_p":0.02,"repetition_penalty":1.1}""", new(), new() { Temperature = 1.2f, TopK = 30, TopP = 0.9f, MinP = 0.02f, RepetitionPenalty = 1.1f } },
        { """{"do_sample":true,"temperature":1.2,"top_k":30,"top_p":0.9}""", new() { Temperature = 0.7f }, new() { Temperature = 0.7f, TopK = 30, TopP = 0.9f } },
        { """{"do_sample":true,"top_k":2}""", new() { TopK = 0, PresencePenalty = 1 }, new() { Temperature = 1, PresencePenalty = 1 } },
        { """{"do_sample":true,"temperature":1.2,"repetition_penalty":1.3}""", new() { Temperature = 0 }, new() { RepetitionPenalty = 1.3f } },
        { """{"do_sample":true,"temperature":1.2,"repetition_penalty":1.3}""", SamplingOptions.Greedy, SamplingOptions.Greedy },
        { """{"temperature":1.2,"top_k":30}""", new(), SamplingOptions.Greedy },
        { """{"temperature":1.2,"top_k":30}""", new() { Temperature = 0.9f }, new() { Temperature = 0.9f, TopK = 30 } },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_a_request_leaves_open_is_the_models(string config, SamplingOptions asked, SamplingOptions meant)
    {
        using var folder = Copy("tiny-s", config);
        await using var engine = await TestEngine.ServeAsync(folder.Path);
        await using var plain = await TestEngine.ServeAsync("tiny-s");
        var answers = await engine.Engine.GenerateAsync(Request with { Sampling = asked with { Seed = 5 } }, samples: 2);
        var expected = await plain.Engine.GenerateAsync(Request with { Sampling = meant with { Seed = 5 } }, samples: 2);
        answers.Select(answer => string.Join(' ', answer.TokenIds)).Should().Equal(expected.Select(answer => string.Join(' ', answer.TokenIds)));
    }

    [Fact]
    public async Task Drafts_are_verified_by_the_models_sampling()
    {
        using var folder = Copy("tiny-s", """{"do_sample":true,"temperature":1.1}""");
        await using var engine = await TestEngine.ServeAsync(folder.Path, more: builder => builder.Configure(options => options.Serving.DraftDepth = 3));
        await using var plain = await TestEngine.ServeAsync("tiny-s");
        (await engine.AskAsync(Request with { Sampling = new() { Seed = 3 } })).TokenIds
            .Should().Equal((await plain.AskAsync(Request with { Sampling = new() { Seed = 3, Temperature = 1.1f } })).TokenIds);
    }

    private static TempFolder Copy(string model, string generationConfig)
    {
        var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(TestData.Model(model))) File.Copy(file, folder[Path.GetFileName(file)]);
        File.WriteAllText(folder["generation_config.json"], generationConfig);
        return folder;
    }
}
