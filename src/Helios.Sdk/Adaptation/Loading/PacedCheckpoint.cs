using Helios.Sdk.Models;
using Helios.Sdk.Serving.Requests;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// A checkpoint whose reader is slowed down while requests run, so that reading and packing weights takes no more than a share
/// of the processors from them: after each read it pauses in proportion to the time since the pause before. Thread-safe.
/// </summary>
/// <param name="inner">What is read; disposed with this.</param>
/// <param name="pace">How much it may take, and when.</param>
internal sealed class PacedCheckpoint(ICheckpoint inner, LoadPace pace) : ICheckpoint
{
    private long resumedAt;

    /// <inheritdoc/>
    public CheckpointInfo Info => inner.Info;

    /// <inheritdoc/>
    public string? StaleBecause => inner.StaleBecause;

    /// <inheritdoc/>
    public bool TryGetTensor(TensorKey key, out StoredTensor tensor) => inner.TryGetTensor(key, out tensor);

    /// <inheritdoc/>
    public void Read(StoredTensor tensor, long offset, Span<byte> destination)
    {
        inner.Read(tensor, offset, destination);
        Volatile.Write(ref resumedAt, pace.Pause(Volatile.Read(ref resumedAt)));
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}

/// <summary>How much of the machine a load may take while requests run.</summary>
/// <param name="share">Share of all processors, in (0, 1].</param>
/// <param name="processors">Processors of the machine, at least 1; a load keeps one of them busy.</param>
/// <param name="sequences">What runs now.</param>
/// <param name="time">Clock.</param>
internal sealed class LoadPace(double share, int processors, SequenceTable sequences, TimeProvider time)
{
    /// <summary>Longer than a reader works between two reads: it did something else meanwhile.</summary>
    private static readonly TimeSpan LongestWork = TimeSpan.FromMilliseconds(50);

    private readonly object pausing = new();
    private readonly double pauses = 1 / Math.Min(1, share * processors) - 1;

    /// <summary>Pauses as long as what was done since makes it due.</summary>
    /// <param name="since">Timestamp of the last resumption.</param>
    /// <returns>Timestamp of this one.</returns>
    public long Pause(long since)
    {
        if (pauses > 0 && sequences.Running > 0 && DueAfter(time.GetElapsedTime(since)) is var due && due > TimeSpan.Zero)
        {
            // No signal comes: it is a pause, of the thread that reads.
            lock (pausing) Monitor.Wait(pausing, due);
        }

        return time.GetTimestamp();
    }

    /// <summary>The pause due after so much work.</summary>
    internal TimeSpan DueAfter(TimeSpan work) => (work < LongestWork ? work : LongestWork) * pauses;
}
