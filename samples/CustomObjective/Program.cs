using CustomObjective;
using Helios.Sdk;

var models = Path.Combine(AppContext.BaseDirectory, "models");
await using var engine = HeliosEngine.CreateBuilder()
    .AddModel(Path.Combine(models, "tiny-m"))
    .AddModel(Path.Combine(models, "tiny-s"))
    .UseCpu()
    .UseMemoryBudget(64 << 20)
    .EvaluateCandidates(candidates: 2, requestsPerCandidate: 4)
    .UseStrategy<ISloObjective>(() => new WorthObjective(bitsForTwice: 0.1))
    .Optimize("worth").LimitQualityGap(null)
    .Build();

// Candidates are evaluated on live requests; the first decision comes when all have answered some.
string[] beginnings = ["Once upon a time", "The little cat", "Tom and Sue", "One day, a girl", "In the garden"];
for (var i = 0; engine.Decisions.Count == 0; i++)
    await engine.GenerateAsync(GenerationRequest.FromText(beginnings[i % beginnings.Length]) with { MaxTokens = 32, Sampling = new() { Temperature = 0.8f } });

Show("worth", engine.Decisions[^1]);
Show("throughput", await engine.SetObjectiveAsync("throughput"));

static void Show(string objective, AdaptationDecision decision)
{
    Console.WriteLine($"{objective}: {decision.Chosen}, because {decision.Reason}");
    foreach (var point in decision.Considered.OrderByDescending(point => point.Score))
    {
        var terms = string.Join(", ", point.Terms.Select(term => $"{term.Name} {term.Value:0.###} {term.Unit}"));
        Console.WriteLine($"  {point.Point,-12} {(point.InfeasibleBecause is { } why ? $"not: {why}" : $"{point.Score:0.###} = {terms}")}");
    }
}
