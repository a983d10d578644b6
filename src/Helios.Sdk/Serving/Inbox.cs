using System.Collections.Concurrent;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Sdk.Serving;

/// <summary>
/// What any thread asks of the serving loop, in order. Once it is closed, a late request ends as all ended.
/// </summary>
/// <param name="wake">Set after every posting.</param>
internal sealed class Inbox(WakeSignal wake)
{
    private readonly ConcurrentQueue<Command> commands = new();
    private volatile RequestOutcome? closed;

    public bool IsEmpty => commands.IsEmpty;

    /// <summary>Any thread.</summary>
    public void Post(Command command)
    {
        commands.Enqueue(command);
        wake.Set();
        if (closed is { } outcome) EndLate(outcome);
    }

    /// <summary>Device thread: the next command.</summary>
    public bool TryTake(out Command command) => commands.TryDequeue(out command);

    /// <summary>Nothing runs any more: ends what was not taken, and whatever comes from now on.</summary>
    public void Close(RequestOutcome outcome)
    {
        closed = outcome;
        EndLate(outcome);
    }

    private void EndLate(RequestOutcome outcome)
    {
        while (commands.TryDequeue(out var command))
        {
            if (command.IsCancel) continue;
            command.Sequence.ReleaseLease();
            command.Sequence.Output.Complete(outcome);
        }
    }
}

/// <summary>A request to be served, or no longer.</summary>
internal readonly record struct Command(Sequence Sequence, bool IsCancel);
