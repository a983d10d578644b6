using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>What wakes the adaptation loop.</summary>
/// <param name="Trigger">Why.</param>
/// <param name="Scored">Every candidate has scored the latest texts, for which this trigger asked.</param>
internal readonly record struct LoopSignal(AdaptationTrigger Trigger, bool Scored = false);

/// <summary>
/// A mailbox from any thread to the adaptation loop. One unread signal of a kind is enough, a second would say nothing new;
/// but none crowds out another kind, for a breach is told only once.
/// </summary>
/// <param name="inline">Whether who signals runs the loop until it waits again: a simulation then runs on one thread.</param>
internal sealed class LoopSignals(bool inline)
{
    private readonly Channel<LoopSignal> unread = Channel.CreateUnbounded<LoopSignal>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = inline });
    private int pending;

    /// <summary>Any thread: wakes the loop.</summary>
    public void Send(LoopSignal signal)
    {
        if ((Interlocked.Or(ref pending, Bit(signal)) & Bit(signal)) == 0) unread.Writer.TryWrite(signal);
    }

    /// <summary>What was sent, in order; one reader.</summary>
    public async IAsyncEnumerable<LoopSignal> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var signal in unread.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            Interlocked.And(ref pending, ~Bit(signal));
            yield return signal;
        }
    }

    private static int Bit(LoopSignal signal) => 1 << ((int)signal.Trigger + (signal.Scored ? 16 : 0));
}
