namespace Helios.Sdk.Serving.Timing;

/// <summary>How long the present turn of a loop has lasted. The loop's thread begins turns and rests; any thread looks.</summary>
internal sealed class TurnWatch(TimeProvider time)
{
    private const long AtRest = long.MaxValue;

    private long began = AtRest;

    /// <summary>Time since the present turn began; zero at rest.</summary>
    public TimeSpan Running => Volatile.Read(ref began) is var at && at == AtRest ? TimeSpan.Zero : time.GetElapsedTime(at);

    public void Begin() => Volatile.Write(ref began, time.GetTimestamp());

    public void Rest() => Volatile.Write(ref began, AtRest);
}
