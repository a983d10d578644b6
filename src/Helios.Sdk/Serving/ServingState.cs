namespace Helios.Sdk.Serving;

/// <summary>What the serving loop has done so far, for any thread to read. The device thread alone writes.</summary>
internal sealed class ServingState
{
    private double busySeconds;
    private long steps;
    private volatile HeliosException? failure;
    private volatile bool hasEnded;

    /// <summary>Steps that ran.</summary>
    public long Steps => Volatile.Read(ref steps);

    /// <summary>Seconds that steps have taken.</summary>
    public double BusySeconds => Volatile.Read(ref busySeconds);

    /// <summary>Why the loop failed; null while it has not.</summary>
    public HeliosException? Failure => failure;

    /// <summary>Whether the loop runs no more, for whatever reason.</summary>
    public bool HasEnded => hasEnded;

    /// <summary>Why nothing can be loaded or run any more; null while the loop runs.</summary>
    public Exception? EndedBecause => failure ?? (hasEnded ? new OperationCanceledException("The engine stops.") : (Exception?)null);

    /// <summary>Device thread: a step of one or more models ran.</summary>
    public void StepRan() => Volatile.Write(ref steps, steps + 1);

    /// <summary>Device thread: the rows of one model took this long in a step.</summary>
    public void Computed(double seconds) => Volatile.Write(ref busySeconds, busySeconds + seconds);

    /// <summary>Device thread: the loop ends with this failure.</summary>
    public void Fail(HeliosException because) => failure = because;

    /// <summary>Device thread: the loop has ended.</summary>
    public void End() => hasEnded = true;
}
