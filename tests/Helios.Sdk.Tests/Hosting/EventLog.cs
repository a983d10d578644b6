using System.Collections.Concurrent;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What an engine published, in order, and ways to wait for more.</summary>
internal sealed class EventLog
{
    private readonly ConcurrentQueue<AdaptationEvent> events = new();
    private readonly ConcurrentDictionary<(string Kind, int Count), TaskCompletionSource> awaited = new();

    public EventLog(HeliosEngine engine) => engine.Observe(Note);

    /// <summary>Events of a kind, so far.</summary>
    /// <typeparam name="T">The kind.</typeparam>
    public IEnumerable<T> OfType<T>() => events.OfType<T>();

    /// <summary>Completes when something has been published so often; fails when it is not.</summary>
    public Task WaitAsync(string kind, int count) => Awaited(kind, count).Task.WaitAsync(TestEngine.Patience);

    /// <summary>A short request, always the same for a number.</summary>
    public static GenerationRequest Request(int i) => GenerationRequest.FromText(Prompts.All[i % Prompts.All.Length]) with { MaxTokens = 8, IgnoreEndOfSequence = true };

    /// <summary>Keeps asking until every candidate is evaluated.</summary>
    public Task EvaluateAsync(TestEngine engine, int candidates = 2) => AskUntilAsync(engine, WaitAsync("evaluated", candidates));

    /// <summary>Keeps asking until something has come to pass; every answer must be whole.</summary>
    public static async Task AskUntilAsync(TestEngine engine, Task done)
    {
        for (var i = 0; !done.IsCompleted; i++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(j => engine.AskAsync(Request(i + j))));
            answers.Should().OnlyContain(answer => answer.TokenIds.Count == 8);
        }

        await done;
    }

    private void Note(AdaptationEvent happened)
    {
        events.Enqueue(happened);
        Awaited(happened.Kind, events.Count(other => other.Kind == happened.Kind)).TrySetResult();
    }

    private TaskCompletionSource Awaited(string kind, int count) =>
        awaited.GetOrAdd((kind, count), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
