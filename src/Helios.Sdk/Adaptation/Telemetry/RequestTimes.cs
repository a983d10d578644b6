namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>How long the latest finished requests took. Written by the device thread, read by the adaptation loop.</summary>
internal sealed class RequestTimes
{
    private const int Kept = 256;

    private readonly Lock gate = new();
    private readonly Queue<Finished> latest = new(Kept);

    /// <summary>Device thread: a request was answered in full. All times are timestamps.</summary>
    /// <param name="arrivedAt">When it came.</param>
    /// <param name="firstTokenAt">When its first token was there.</param>
    /// <param name="lastTokenAt">When its last one was.</param>
    /// <param name="tokens">Tokens of the answer, at least 1.</param>
    public void Add(long arrivedAt, long firstTokenAt, long lastTokenAt, int tokens)
    {
        lock (gate)
        {
            if (latest.Count == Kept) latest.Dequeue();
            latest.Enqueue(new Finished(lastTokenAt, firstTokenAt - arrivedAt, tokens > 1 ? (double)(lastTokenAt - firstTokenAt) / (tokens - 1) : null));
        }
    }

    /// <summary>
    /// A moment to compare later requests with. The times until then are summed up here: more requests may end afterwards than
    /// are kept.
    /// </summary>
    /// <param name="time">The clock of the timestamps.</param>
    public Mark MarkNow(TimeProvider time)
    {
        lock (gate) return new Mark(time.GetTimestamp(), Summarize(latest, time));
    }

    /// <summary>Times of the requests that ended before a moment, and of those since, as far back as they are kept.</summary>
    /// <param name="mark">The moment.</param>
    /// <param name="time">The clock that it is of.</param>
    public EvaluationTraffic Around(in Mark mark, TimeProvider time)
    {
        var at = mark.At;
        lock (gate) return new EvaluationTraffic(mark.Before, Summarize(latest.Where(request => request.EndedAt >= at), time));
    }

    private static TrafficTimes? Summarize(IEnumerable<Finished> finished, TimeProvider time)
    {
        var requests = finished.ToList();
        if (requests.Count == 0) return null;
        var millisecond = time.TimestampFrequency / 1000.0;
        return new TrafficTimes(requests.Count, Median(requests.Select(request => (double?)request.Ttft))!.Value / millisecond, Median(requests.Select(request => request.Tpot)) / millisecond);
    }

    private static double? Median(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 2];
    }

    /// <summary>A moment, and how long the latest requests before it took.</summary>
    /// <param name="At">Timestamp.</param>
    /// <param name="Before">Null when none had ended.</param>
    internal readonly record struct Mark(long At, TrafficTimes? Before);

    private readonly record struct Finished(long EndedAt, long Ttft, double? Tpot);
}
