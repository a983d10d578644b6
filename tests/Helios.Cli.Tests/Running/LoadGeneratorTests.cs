using Helios.Cli.Running;

namespace Helios.Cli.Tests.Running;

public sealed class LoadGeneratorTests
{
    [Theory]
    [InlineData(null, 3)]
    [InlineData(1e6, 2)]
    public async Task Makes_every_request_once_and_no_more_at_a_time_than_told(double? rate, int concurrency)
    {
        var (running, most, lockObject, made) = (0, 0, new Lock(), new List<int>());
        var load = new LoadGenerator(rate, concurrency, seed: 1, TimeProvider.System);
        await load.RunAsync(50, async (i, cancellationToken) =>
        {
            lock (lockObject)
            {
                made.Add(i);
                most = Math.Max(most, ++running);
            }

            await Task.Delay(1, cancellationToken);
            lock (lockObject) running--;
        }, CancellationToken.None);

        made.Order().Should().Equal(Enumerable.Range(0, 50));
        most.Should().BeInRange(1, concurrency);
    }

    [Fact]
    public async Task Arrivals_come_at_their_rate_whatever_becomes_of_those_before()
    {
        var release = new TaskCompletionSource();
        var made = 0;
        var load = new LoadGenerator(rate: 1000, concurrency: null, seed: 1, TimeProvider.System);
        var started = TimeProvider.System.GetTimestamp();
        var running = load.RunAsync(100, (_, _) =>
        {
            if (++made == 100) release.SetResult();
            return release.Task;
        }, CancellationToken.None);
        await running;

        // 100 arrivals at 1000 a second: about 0.1 s, never much less.
        TimeProvider.System.GetElapsedTime(started).Should().BeGreaterThan(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        using var cancellation = new CancellationTokenSource();
        var load = new LoadGenerator(rate: 0.001, concurrency: null, seed: 1, TimeProvider.System);
        var running = load.RunAsync(10, (_, _) => Task.CompletedTask, cancellation.Token);
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => running).Should().ThrowAsync<OperationCanceledException>();
    }
}
