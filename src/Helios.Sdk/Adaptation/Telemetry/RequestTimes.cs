using System.Collections.Immutable;

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

    /// <summary>Times of the requests that ended before a moment, as far back as they are kept, and of those since.</summary>
    /// <param name="moment">A timestamp.</param>
    /// <param name="time">The clock that it is of.</param>
    public EvaluationTraffic Around(long moment, TimeProvider time)
    {
        lock (gate)
        {
            var byTime = latest.ToLookup(request => request.EndedAt >= moment);
            return new EvaluationTraffic(Summarize([.. byTime[false]], time), Summarize([.. byTime[true]], time));
        }
    }

    private static TrafficTimes? Summarize(ImmutableArray<Finished> requests, TimeProvider time)
    {
        if (requests.IsEmpty) return null;
        var millisecond = time.TimestampFrequency / 1000.0;
        return new TrafficTimes(requests.Length, Median(requests.Select(request => (double?)request.Ttft))!.Value / millisecond, Median(requests.Select(request => request.Tpot)) / millisecond);
    }

    private static double? Median(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 2];
    }

    private readonly record struct Finished(long EndedAt, long Ttft, double? Tpot);
}
