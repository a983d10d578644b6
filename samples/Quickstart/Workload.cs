using System.Collections.Concurrent;
using System.Collections.Immutable;
using Helios.Sdk;

namespace Quickstart;

/// <summary>
/// Requests whose kind changes from phase to phase, in a closed loop: a new one is sent when one is answered. Every
/// engine that runs it gets the same prompts in the same order.
/// </summary>
internal sealed class Workload(ImmutableArray<Prompts> prompts, int requestsPerPhase, int concurrency, int maxTokens)
{
    /// <summary>Every kind once, then the first one again.</summary>
    public ImmutableArray<Prompts> Phases { get; } = [.. prompts, prompts[0]];

    public int RequestsPerPhase => requestsPerPhase;

    public int Concurrency => concurrency;

    /// <summary>The request that a prompt becomes: greedy, so that answers differ only by the point that serves them.</summary>
    public GenerationRequest RequestFor(string prompt) => GenerationRequest.FromText(prompt) with { MaxTokens = maxTokens };

    /// <summary>Runs a phase.</summary>
    /// <param name="engine">Answers.</param>
    /// <param name="phase">One of <see cref="Phases"/>.</param>
    /// <param name="answered">Called after each answer, from any thread.</param>
    public async Task<PhaseReport> RunAsync(HeliosEngine engine, Prompts phase, Action answered)
    {
        var answers = new GenerationResult[requestsPerPhase];
        var memory = new ConcurrentQueue<MemoryUse>();
        var closedLoop = new ParallelOptions { MaxDegreeOfParallelism = concurrency };
        var started = TimeProvider.System.GetTimestamp();
        var busy = Environment.CpuUsage.TotalTime;
        await Parallel.ForAsync(0, requestsPerPhase, closedLoop, async (i, cancellation) =>
        {
            answers[i] = await engine.GenerateAsync(RequestFor(phase.Texts[i % phase.Texts.Length]), cancellation);
            memory.Enqueue(MemoryUse.Of(engine));
            answered();
        });
        return new PhaseReport(phase.Kind, [.. answers], [.. memory])
        {
            Took = TimeProvider.System.GetElapsedTime(started),
            Processor = Environment.CpuUsage.TotalTime - busy,
        };
    }
}
