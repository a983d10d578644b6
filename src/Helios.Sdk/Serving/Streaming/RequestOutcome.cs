namespace Helios.Sdk.Serving.Streaming;

/// <summary>How a request ended: with an answer, whole or cut short, or with an error.</summary>
internal sealed record RequestOutcome
{
    private RequestOutcome()
    {
    }

    /// <summary>Why the answer ends where it does; null when there is an error in its place.</summary>
    public FinishReason? Reason { get; private init; }

    /// <summary>Set when it failed, was turned away or was cancelled.</summary>
    public Exception? Error { get; private init; }

    /// <summary>Whether it counts as served: its answer is whole, or as whole as its limits let it be.</summary>
    public bool IsCompleted { get; private init; }

    /// <summary>The engine stops before the answer is whole.</summary>
    public static RequestOutcome Aborted { get; } = new() { Reason = FinishReason.Aborted };

    /// <summary>The answer is whole.</summary>
    public static RequestOutcome Completed(FinishReason reason) => new() { Reason = reason, IsCompleted = true };

    /// <summary>Its time limit has passed.</summary>
    /// <param name="hasBegun">Whether there is a token of the answer.</param>
    public static RequestOutcome OutOfTime(bool hasBegun) => new() { Reason = FinishReason.TimeLimit, IsCompleted = hasBegun };

    /// <summary>The caller cancelled it.</summary>
    public static RequestOutcome Cancelled() => new() { Error = new OperationCanceledException() };

    /// <summary>It could not be served.</summary>
    public static RequestOutcome Failed(Exception error) => new() { Error = error };
}
