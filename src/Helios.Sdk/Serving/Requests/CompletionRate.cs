namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// How long requests take lately: time worked by those completed in it, both forgotten with a half-life of ten seconds of work.
/// Time with nothing to do is not counted, or a pause would pass for slowness. Thread-safe.
/// </summary>
internal sealed class CompletionRate
{
    private const double HalfLife = 10;

    private readonly Lock gate = new();
    private double seconds;
    private double completed;

    /// <summary>A step took this long.</summary>
    public void Worked(TimeSpan time)
    {
        lock (gate)
        {
            var remembered = Math.Pow(0.5, time.TotalSeconds / HalfLife);
            seconds = seconds * remembered + time.TotalSeconds;
            completed *= remembered;
        }
    }

    /// <summary>A request was completed.</summary>
    public void Count()
    {
        lock (gate) completed++;
    }

    /// <summary>How long so many requests take, a day at most; null while none was completed.</summary>
    public TimeSpan? TimeFor(int requests)
    {
        lock (gate)
        {
            return completed == 0 ? null : TimeSpan.FromSeconds(Math.Min(requests * seconds / completed, TimeSpan.FromDays(1).TotalSeconds));
        }
    }
}
