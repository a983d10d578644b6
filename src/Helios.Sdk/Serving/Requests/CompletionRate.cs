namespace Helios.Sdk.Serving.Requests;

/// <summary>How many requests are completed a second, lately: an average that forgets with a half-life of ten seconds. Thread-safe.</summary>
internal sealed class CompletionRate(TimeProvider time)
{
    private const double HalfLife = 10;

    private readonly Lock gate = new();
    private readonly long started = time.GetTimestamp();
    private double recent;
    private long countedAt;

    public void Count()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            recent = recent * Remembered(countedAt, now) + 1;
            countedAt = now;
        }
    }

    /// <summary>How long so many requests take; null while none was completed.</summary>
    public TimeSpan? TimeFor(int requests)
    {
        lock (gate)
        {
            if (recent == 0) return null;
            var now = time.GetTimestamp();

            // The weight of all seconds since the start, so that a young average is not taken for a low one.
            var seconds = (1 - Remembered(started, now)) * HalfLife / Math.Log(2);
            var estimate = requests * seconds / (recent * Remembered(countedAt, now));
            return TimeSpan.FromSeconds(Math.Min(estimate, TimeSpan.FromDays(1).TotalSeconds));
        }
    }

    private double Remembered(long from, long to) => Math.Pow(0.5, time.GetElapsedTime(from, to).TotalSeconds / HalfLife);
}
