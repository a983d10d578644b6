using System.Runtime.CompilerServices;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>What wakes the adaptation loop.</summary>
/// <param name="Trigger">Why.</param>
/// <param name="Scored">Every candidate has scored the latest texts, for which this trigger asked.</param>
internal readonly record struct LoopSignal(AdaptationTrigger Trigger, bool Scored = false);

/// <summary>
/// A mailbox from any thread to the adaptation loop. One unread signal of a kind is enough, a second would say nothing new;
/// but none crowds out another kind, for a breach is reported only once.
/// </summary>
/// <param name="resumeOn">Where the reader goes on.</param>
internal sealed class LoopSignals(SynchronizationContext resumeOn)
{
    private readonly Lock gate = new();
    private readonly Queue<LoopSignal> unread = new();
    private TaskCompletionSource? reader;

    /// <summary>Any thread: wakes the loop.</summary>
    public void Send(LoopSignal signal)
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            if (!unread.Contains(signal)) unread.Enqueue(signal);
            (waiting, reader) = (reader, null);
        }

        if (waiting is not null) resumeOn.Post(static waiting => ((TaskCompletionSource)waiting!).SetResult(), waiting);
    }

    /// <summary>What was sent, in order; one reader.</summary>
    public async IAsyncEnumerable<LoopSignal> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Take(out var arrived) is { } signal) yield return signal;
            else await arrived.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The oldest unread signal; null where there is none, and then what completes when one arrives.</summary>
    private LoopSignal? Take(out Task arrived)
    {
        arrived = Task.CompletedTask;
        lock (gate)
        {
            if (unread.TryDequeue(out var signal)) return signal;
            arrived = (reader = new TaskCompletionSource()).Task;
            return null;
        }
    }
}
