using System.Collections.Immutable;
using Helios.Cli.Running;

namespace Helios.Cli.Tests.Running;

public sealed class LoadGeneratorTests
{
    private const int Count = 50;

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 2)]
    public async Task Makes_every_request_once_and_no_more_at_a_time_than_told(bool closed, int concurrency)
    {
        var (running, most, lockObject, made) = (0, 0, new Lock(), new List<int>());
        var load = new LoadGenerator(concurrency, TimeProvider.System);
        async Task MakeAsync(int i, CancellationToken cancellationToken)
        {
            lock (lockObject)
            {
                made.Add(i);
                most = Math.Max(most, ++running);
            }

            await Task.Delay(1, cancellationToken);
            lock (lockObject) running--;
        }

        await (closed
            ? load.KeepGoingAsync(Count, MakeAsync, CancellationToken.None)
            : load.ArriveAsync(At(TimeSpan.Zero), (i, _, cancellationToken) => MakeAsync(i, cancellationToken), CancellationToken.None));

        made.Order().Should().Equal(Enumerable.Range(0, Count));
        most.Should().BeInRange(1, concurrency);
    }

    [Fact]
    public async Task Arrivals_come_when_due_whatever_becomes_of_those_before()
    {
        var release = new TaskCompletionSource();
        var early = new List<TimeSpan>();
        var made = 0;
        var load = new LoadGenerator(concurrency: null, TimeProvider.System);
        await load.ArriveAsync(At(TimeSpan.FromMilliseconds(2)), (_, late, _) =>
        {
            if (late < TimeSpan.Zero) early.Add(late);
            if (++made == Count) release.SetResult();
            return release.Task;
        }, CancellationToken.None);
        made.Should().Be(Count);
        early.Should().BeEmpty();
    }

    [Fact]
    public async Task A_request_that_waited_for_room_gets_how_late_it_is()
    {
        var lateness = new List<TimeSpan>();
        var load = new LoadGenerator(concurrency: 1, TimeProvider.System);
        await load.ArriveAsync([TimeSpan.Zero, TimeSpan.Zero], (_, late, cancellationToken) =>
        {
            lateness.Add(late);
            return Task.Delay(20, cancellationToken);
        }, CancellationToken.None);
        lateness[1].Should().BeGreaterThan(lateness[0]);
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        using var cancellation = new CancellationTokenSource();
        var load = new LoadGenerator(concurrency: null, TimeProvider.System);
        var running = load.ArriveAsync(At(TimeSpan.FromHours(1)), (_, _, _) => Task.CompletedTask, cancellation.Token);
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => running).Should().ThrowAsync<OperationCanceledException>();
    }

    private static ImmutableArray<TimeSpan> At(TimeSpan gap) => [.. Enumerable.Range(1, Count).Select(i => gap * i)];
}
