using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Adaptation.Loading;

public class LoadLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly ManualTimer timer = new();
    private readonly TaskCompletionSource<string> load = new();
    private readonly List<string> letGo = [];

    [Fact]
    public async Task What_is_loaded_in_time_is_the_callers()
    {
        var limit = new LoadLimit(Limit, timer);
        var waiting = WaitAsync(limit);
        load.SetResult("layer");

        (await waiting).Should().Be("layer");
        await limit.EndAsync();
        letGo.Should().BeEmpty();
    }

    [Fact]
    public async Task What_comes_too_late_is_let_go()
    {
        var limit = new LoadLimit(Limit, timer);
        var waiting = WaitAsync(limit);
        timer.Fire();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<TimeoutException>().WithMessage("Loading x took longer than 60 s*");
        limit.EndAsync().IsCompleted.Should().BeFalse("it still works on what would be freed");
        load.SetResult("layer");
        await limit.EndAsync();
        letGo.Should().Equal("layer");
    }

    [Fact]
    public async Task Who_waits_no_longer_leaves_nothing_behind_either()
    {
        var limit = new LoadLimit(Limit, timer);
        using var stopping = new CancellationTokenSource();
        var waiting = WaitAsync(limit, stopping.Token);
        await stopping.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        load.SetResult("layer");
        await limit.EndAsync();
        letGo.Should().Equal("layer");
    }

    [Fact]
    public async Task A_load_that_fails_late_is_nobodys()
    {
        var limit = new LoadLimit(Limit, timer);
        var waiting = WaitAsync(limit);
        timer.Fire();
        load.SetException(new IOException("gone"));

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<Exception>();
        await limit.EndAsync();
        letGo.Should().BeEmpty();
    }

    [Fact]
    public async Task Each_layer_has_the_limit_for_itself()
    {
        var limit = new LoadLimit(Limit, timer);
        var waiting = limit.WaitAsync(
            "Loading x",
            (progress, _) =>
            {
                progress.Report(new LoadProgress(new LoadTarget("x", 2), 1, 100));
                return load.Task;
            },
            letGo.Add,
            CancellationToken.None);
        load.SetResult("layers");
        await waiting;

        timer.Due.Should().Equal(Limit, Limit);
    }

    [Fact]
    public async Task A_backend_that_cancels_by_itself_has_failed()
    {
        var waiting = WaitAsync(new LoadLimit(Limit, timer));
        load.SetCanceled();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<HeliosException>().WithMessage("Loading x was cancelled by its backend*");
    }

    private Task<string> WaitAsync(LoadLimit limit, CancellationToken cancellationToken = default) =>
        limit.WaitAsync("Loading x", (_, _) => load.Task, letGo.Add, cancellationToken);

    /// <summary>A clock whose one timer is due when the test says so.</summary>
    private sealed class ManualTimer : TimeProvider
    {
        private Action fire = static () => { };

        public List<TimeSpan> Due { get; } = [];

        public void Fire() => fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            fire = () => callback(state);
            Due.Add(dueTime);
            return new Timer(Due);
        }

        private sealed class Timer(List<TimeSpan> due) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                due.Add(dueTime);
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
