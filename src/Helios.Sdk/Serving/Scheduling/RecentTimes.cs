using System.Numerics;

namespace Helios.Sdk.Serving.Scheduling;

/// <summary>
/// How long something takes by the number of rows, learnt from what was measured: a moving average in each bucket of rows,
/// straight lines between them. Buckets hold one number of rows up to 17, and an eighth of an octave above. A bucket that was
/// not measured for a while is forgotten: the model, its depth or the contexts may be others now.
/// </summary>
/// <param name="kept">Measurements, of any bucket, after which one is forgotten.</param>
internal sealed class RecentTimes(int kept)
{
    private const double LeastWeight = 1.0 / 8;

    private readonly Bucket[] buckets = new Bucket[BucketOf(int.MaxValue) + 1];
    private long measurements;

    /// <summary>Something else was measured in the place of these times.</summary>
    public void Age() => measurements++;

    public void Add(int rows, double seconds)
    {
        measurements++;
        ref var bucket = ref buckets[BucketOf(rows)];
        bucket = (IsKnown(bucket) ? bucket : default).With(rows, seconds, measurements);
    }

    /// <summary>What was last known of so many rows, however long ago; null when they were never measured.</summary>
    public double? Last(int rows) => buckets[BucketOf(rows)] is { Rows: > 0 } bucket ? bucket.Seconds : null;

    /// <summary>Time of so many rows; null when neither they, nor fewer and more of them within a factor of two, were measured lately.</summary>
    public double? At(int rows)
    {
        var index = BucketOf(rows);
        if (IsKnown(buckets[index])) return buckets[index].Seconds;

        var (below, above) = (index, index);
        while (below > 0 && !IsKnown(buckets[below])) below--;
        while (above < buckets.Length - 1 && !IsKnown(buckets[above])) above++;
        var (fewer, more) = (buckets[below], buckets[above]);
        if (!IsKnown(fewer) || !IsKnown(more) || more.Rows > 2 * fewer.Rows) return null;
        return fewer.Seconds + (more.Seconds - fewer.Seconds) * (rows - fewer.Rows) / (more.Rows - fewer.Rows);
    }

    /// <summary>
    /// Most rows that take no longer than <paramref name="seconds"/>, going by what was measured and by no rows taking no time; at
    /// most twice what was measured, or <paramref name="first"/> when nothing was.
    /// </summary>
    public int RowsWithin(double seconds, int first)
    {
        var (rows, time) = (0.0, 0.0);
        foreach (ref readonly var bucket in buckets.AsSpan())
        {
            if (!IsKnown(bucket)) continue;
            if (bucket.Seconds > seconds) return (int)(rows + (bucket.Rows - rows) * (seconds - time) / (bucket.Seconds - time));
            (rows, time) = (bucket.Rows, Math.Max(time, bucket.Seconds));
        }

        if (rows == 0) return first;
        return (int)Math.Min(rows * 2, time > 0 ? rows * seconds / time : double.MaxValue);
    }

    private static int BucketOf(int rows)
    {
        if (rows < 16) return rows;
        var octave = BitOperations.Log2((uint)rows);
        return 16 + (octave - 4) * 8 + ((rows >> (octave - 3)) & 7);
    }

    private bool IsKnown(in Bucket bucket) => bucket.Rows > 0 && measurements - bucket.MeasuredAt < kept;

    /// <summary>A moving average; a plain one at first.</summary>
    private readonly record struct Bucket(double Rows, double Seconds, int Count, long MeasuredAt)
    {
        public Bucket With(int rows, double seconds, long at)
        {
            var weight = Math.Max(LeastWeight, 1.0 / (Count + 1));
            return new Bucket(Rows + (rows - Rows) * weight, Seconds + (seconds - Seconds) * weight, Count + 1, at);
        }
    }
}
