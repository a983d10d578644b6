namespace Helios.Cli.Running;

/// <summary>
/// Decides when requests are made: so many at a time (a closed loop), or at random moments of a given mean rate, whatever
/// becomes of those before (an open one).
/// </summary>
internal sealed class LoadGenerator(double? rate, int? concurrency, int seed, TimeProvider time)
{
    public const int DefaultConcurrency = 16;

    /// <summary>Makes requests 0 to <paramref name="count"/> - 1 in order, and waits for them all.</summary>
    public Task RunAsync(int count, Func<int, CancellationToken, Task> request, CancellationToken cancellationToken) =>
        rate is { } perSecond
            ? ArriveAsync(count, perSecond, request, cancellationToken)
            : KeepGoingAsync(count, request, cancellationToken);

    private Task KeepGoingAsync(int count, Func<int, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrency ?? DefaultConcurrency, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(Enumerable.Range(0, count), options, async (i, cancel) => await request(i, cancel).ConfigureAwait(false));
    }

    private async Task ArriveAsync(int count, double perSecond, Func<int, CancellationToken, Task> request, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(concurrency ?? int.MaxValue);
        var random = new Random(seed);
        var started = time.GetTimestamp();
        var due = TimeSpan.Zero;
        var running = new List<Task>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) / perSecond);
                var wait = due - time.GetElapsedTime(started);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                await places.WaitAsync(cancellationToken).ConfigureAwait(false);
                running.Add(HoldAsync(places, request(i, cancellationToken)));
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
