namespace Helios.Sdk.Serving.Timing;

/// <summary>Arithmetic on timestamps of a clock.</summary>
internal static class Timestamps
{
    /// <summary>A timestamp some time after another; <see cref="long.MaxValue"/> for no time at all, or one beyond what a timestamp holds.</summary>
    public static long TimestampAfter(this TimeProvider time, long from, TimeSpan? after)
    {
        if (after is not { } span) return long.MaxValue;
        var ticks = span.TotalSeconds * time.TimestampFrequency;
        return ticks >= long.MaxValue - (double)from ? long.MaxValue : from + (long)ticks;
    }
}
