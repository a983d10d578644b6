using System.Collections.Concurrent;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation;

/// <summary>Those who changed a goal of the adaptation loop and wait for what it decides. Thread-safe.</summary>
internal sealed class Reconsiderations
{
    private readonly ConcurrentQueue<TaskCompletionSource<AdaptationDecision>> waiting = new();
    private volatile bool ended;

    /// <summary>Makes the loop select anew; completes with its decision, once that has been put into effect or could not be.</summary>
    /// <param name="trigger">Why.</param>
    /// <param name="signals">The loop's mailbox.</param>
    public Task<AdaptationDecision> AskAsync(AdaptationTrigger trigger, LoopSignals signals)
    {
        var asked = new TaskCompletionSource<AdaptationDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(asked);
        signals.Send(new LoopSignal(trigger));
        if (ended) End();
        return asked.Task;
    }

    /// <summary>The loop: decides, and answers everybody who had asked before.</summary>
    public async Task AnswerAsync(Func<Task<AdaptationDecision>> decide)
    {
        var asked = Take();
        try
        {
            var decision = await decide().ConfigureAwait(false);
            foreach (var one in asked) one.TrySetResult(decision);
        }
        catch
        {
            Refuse(asked);
            throw;
        }
    }

    /// <summary>The loop has ended: whoever waits, or asks from now on, learns it.</summary>
    public void End()
    {
        ended = true;
        Refuse(Take());
    }

    private List<TaskCompletionSource<AdaptationDecision>> Take()
    {
        var taken = new List<TaskCompletionSource<AdaptationDecision>>();
        while (waiting.TryDequeue(out var asked)) taken.Add(asked);
        return taken;
    }

    private static void Refuse(List<TaskCompletionSource<AdaptationDecision>> asked)
    {
        foreach (var one in asked) one.TrySetException(new HeliosException("The adaptation loop has ended."));
    }
}
