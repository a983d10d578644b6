namespace Helios.Sdk.Tests;

/// <summary>
/// A clock on which a microsecond passes with every look at it: whatever is measured takes as long as anything else, and
/// decisions that rest on measured times are the same in every run.
/// </summary>
internal sealed class TickingClock : TimeProvider
{
    private long ticks;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => Interlocked.Increment(ref ticks);
}
