using CustomScheduler;
using Helios.Sdk;
using Helios.Sdk.Scheduling;

// Requests of several lengths, in a batch of one: of the requests that wait behind the first, the shortest is answered first, regardless of its arrival.
await using var engine = HeliosEngine.CreateBuilder()
    .AddModel(Path.Combine(AppContext.BaseDirectory, "models", "tiny-s"))
    .ServeFixed()
    .UseMemoryBudget(32 << 20)
    .UseCpu()
    .Configure(options => options.Serving.MaxBatchSize = 1)
    .UseStrategy<IScheduler>(() => new ShortestFirstScheduler())
    .Build();
await engine.Ready;

int[] lengths = [200, 50, 10, 100, 20];
var answers = lengths.Select(async tokens =>
{
    var answer = await engine.GenerateAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = tokens, IgnoreEndOfSequence = true });
    return (tokens, answer.TimeToFirstToken);
});
foreach (var (tokens, waited) in (await Task.WhenAll(answers)).OrderBy(answer => answer.TimeToFirstToken))
    Console.WriteLine($"{tokens} tokens: first after {waited.TotalMilliseconds:0} ms");
