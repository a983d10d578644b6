using System.Collections.Concurrent;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Adaptation;

/// <summary>
/// Those who changed a goal of the adaptation loop and wait for what it decides. What waits for traffic, or for its share of
/// the device, is interrupted for them. Thread-safe.
/// </summary>
internal sealed class Reconsiderations
{
    private readonly ConcurrentQueue<TaskCompletionSource<AdaptationDecision>> waiting = new();
    private readonly Lock gate = new();
    private AdaptationTrigger? pending;
    private CancellationTokenSource? interruptible;
    private Task interrupting = Task.CompletedTask;
    private volatile bool ended;

    /// <summary>Why a selection was asked for that was not made yet; null when none was.</summary>
    public AdaptationTrigger? Pending
    {
        get { lock (gate) return pending; }
    }

    /// <summary>Makes the loop select anew; completes with its decision, once that has been put into effect or could not be.</summary>
    /// <param name="trigger">Why.</param>
    /// <param name="signals">The loop's mailbox.</param>
    public Task<AdaptationDecision> AskAsync(AdaptationTrigger trigger, LoopSignals signals)
    {
        var asked = new TaskCompletionSource<AdaptationDecision>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue(asked);
        Request(trigger, signals);
        if (ended) End();
        return asked.Task;
    }

    /// <summary>Makes the loop select anew, and no caller waits for its decision.</summary>
    /// <param name="trigger">Why.</param>
    /// <param name="signals">The loop's mailbox.</param>
    public void Request(AdaptationTrigger trigger, LoopSignals signals)
    {
        lock (gate)
        {
            pending = trigger;
            Interrupt();
        }

        signals.Send(new LoopSignal(trigger));
    }

    /// <summary>The loop: does what may take long. False when it was interrupted, because a selection is asked for.</summary>
    /// <param name="work">What to do; can be done again.</param>
    /// <param name="cancellationToken">Ends it for good.</param>
    public async Task<bool> TryUntilAskedAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (gate)
        {
            interruptible = either;
            if (pending is not null) Interrupt();
        }

        try
        {
            await work(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            lock (gate) interruptible = null;
            await interrupting.ConfigureAwait(false);
        }
    }

    /// <summary>The loop: decides, and answers all callers that had asked before.</summary>
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

    /// <summary>The loop has ended: callers that wait, or ask from now on, learn it.</summary>
    public void End()
    {
        ended = true;
        Refuse(Take());
    }

    private static void Refuse(List<TaskCompletionSource<AdaptationDecision>> asked)
    {
        foreach (var one in asked) one.TrySetException(new HeliosException("The adaptation loop has ended."));
    }

    /// <summary>Not on this thread: what goes on after the interrupted work is the loop's own.</summary>
    private void Interrupt()
    {
        if (interruptible is { IsCancellationRequested: false } work) interrupting = work.CancelAsync();
    }

    private List<TaskCompletionSource<AdaptationDecision>> Take()
    {
        lock (gate) pending = null;
        var taken = new List<TaskCompletionSource<AdaptationDecision>>();
        while (waiting.TryDequeue(out var asked)) taken.Add(asked);
        return taken;
    }
}
