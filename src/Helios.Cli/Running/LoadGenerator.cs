using System.Collections.Immutable;

namespace Helios.Cli.Running;

/// <summary>
/// Decides when requests are made: so many at a time (a closed loop), or at given moments, whatever becomes of those before
/// (an open one).
/// </summary>
internal sealed class LoadGenerator(int? concurrency, TimeProvider time)
{
    public const int DefaultConcurrency = 16;

    /// <summary>Makes requests 0 to <paramref name="count"/> - 1 in order, so many at a time, and waits for them all.</summary>
    public Task KeepGoingAsync(int count, Func<int, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency ?? DefaultConcurrency, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(Enumerable.Range(0, count), options, async (i, cancel) => await request(i, cancel).ConfigureAwait(false));
    }

    /// <summary>Makes a request at each of these moments, or as soon behind it as there is room, and waits for them all.</summary>
    /// <param name="arrivals">Ascending, since this call.</param>
    /// <param name="request">Makes a request; takes how late it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ArriveAsync(ImmutableArray<TimeSpan> arrivals, Func<int, TimeSpan, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(concurrency ?? int.MaxValue);
        var started = time.GetTimestamp();
        var running = new List<Task>(arrivals.Length);
        try
        {
            for (var i = 0; i < arrivals.Length; i++)
            {
                // A timer may ring a little early.
                while (arrivals[i] - time.GetElapsedTime(started) is var wait && wait > TimeSpan.Zero) await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, cancellationToken).ConfigureAwait(false);
                await places.WaitAsync(cancellationToken).ConfigureAwait(false);
                running.Add(HoldAsync(places, request(i, time.GetElapsedTime(started) - arrivals[i], cancellationToken)));
            }
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(false);
        }
    }

    private static async Task HoldAsync(SemaphoreSlim places, Task request)
    {
        try
        {
            await request.ConfigureAwait(false);
        }
        finally
        {
            places.Release();
        }
    }
}
