using Helios.Sdk;
using Microsoft.Extensions.DependencyInjection;
using Quickstart;

const long Budget = 32L << 20;
var models = Path.Combine(AppContext.BaseDirectory, "models");

// HELIOS: two early-exit models in one memory budget; the engine chooses the model and the number of layers.
var adaptive = new ServiceCollection().AddHelios(engine => engine
    .AddModel(Path.Combine(models, "tiny-m"))
    .AddModel(Path.Combine(models, "tiny-s"))
    .UseCpu()
    .UseMemoryBudget(Budget)
    .EvaluateCandidates(candidates: 2, requestsPerCandidate: 5)
    .LoadPartially(confidenceTarget: 0.7)
    .Reassess(everyRequests: 150)
    .Optimize("throughput"));

// The baseline: the larger model with all its layers, in the same budget.
var fixedDepth = new ServiceCollection().AddHelios(engine => engine
    .AddModel(Path.Combine(models, "tiny-m"))
    .UseCpu()
    .UseMemoryBudget(Budget)
    .ServeFixed());

// Both models without a tight budget: scores the answers of the other two engines afterwards.
var referee = new ServiceCollection().AddHelios(engine => engine
    .AddModel(Path.Combine(models, "tiny-m"))
    .AddModel(Path.Combine(models, "tiny-s"))
    .UseCpu()
    .ServeFixed());

var screen = Screen.Open();
var workload = new Workload(Prompts.Load(), requestsPerPhase: 300, concurrency: 64, maxTokens: 48);

screen.Title("HELIOS");
screen.Say("workload", $"{workload.Phases.Length} x {workload.RequestsPerPhase} requests, {workload.Concurrency} at a time, {Format.Bytes(Budget)} for weights and KV");
var helios = await Show.NarrateAsync(adaptive, workload, screen);

screen.Title("Baseline: the same requests to tiny-m with every layer, in the same budget");
var baseline = await Show.RunAsync(fixedDepth, workload, screen);

screen.Title("HELIOS against the baseline");
var comparison = new Comparison(helios, baseline, await Referee.JudgeAsync(referee, [helios, baseline], screen));
screen.Write(comparison.ByPhase());
screen.Write(comparison.Overall());
screen.Write(comparison.Conclusion());
