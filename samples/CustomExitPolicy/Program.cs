using CustomExitPolicy;
using Helios.Sdk;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Lab;

string[] prompts = ["Once upon a time, there was a", "One day, a little girl named", "The dog saw a big", "Question: Tom has 3 apples and buys 4 more."];
string[] policies = ["none", "confidence:0.8", "top1:0.5", "margin:0.3", "patience:2", "steady:0.3", "steady:0.5"];

Console.WriteLine($"{"policy",-16}{"layers per token",18}{"agreement",12}");
foreach (var policy in policies)
{
    await using var engine = HeliosEngine.CreateBuilder()
        .AddModel(Path.Combine(AppContext.BaseDirectory, "models", "tiny-m"))
        .UseCpu()
        .UseStrategy<IExitPolicy>(() => new SteadyPolicy(0.3f))
        .UseStrategy<IExitPolicy>(() => new SteadyPolicy(0.5f))
        .ServeFixed(exitPolicy: policy)
        .Build();

    var answers = await Task.WhenAll(prompts.Select(prompt => engine.GenerateAsync(GenerationRequest.FromText(prompt) with { MaxTokens = 48 })));
    var agreed = 0;
    foreach (var answer in answers) agreed += await AgreedAsync(engine, answer);
    var tokens = answers.Sum(answer => answer.TokenIds.Count);
    Console.WriteLine($"{policy,-16}{answers.Sum(answer => answer.ExitDepths.Sum()) / (double)tokens,18:0.0}{agreed / (double)tokens,12:0.000}");
}

// Tokens that the model would have chosen with all its layers, each after the same text.
static async Task<int> AgreedAsync(HeliosEngine engine, GenerationResult answer)
{
    var target = answer.Point!.Target;
    var score = await engine.Lab.ScoreAsync(target.Model, [.. answer.PromptIds, .. answer.TokenIds], [target.Depth]);
    return answer.TokenIds.Zip(score.Depths[0].TopIds.Skip(answer.PromptIds.Count - 1)).Count(pair => pair.First == pair.Second);
}
