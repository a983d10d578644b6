using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation;

public class ReconsiderationsTests
{
    private readonly LoopSignals signals = new(new SynchronizationContext());
    private readonly Reconsiderations reconsiderations = new();

    [Fact]
    public async Task Everybody_who_asked_before_a_decision_gets_it()
    {
        var first = Ask();
        var second = Ask();
        var late = Task.FromResult<AdaptationDecision>(null!);
        await reconsiderations.AnswerAsync(() =>
        {
            late = Ask();
            return Task.FromResult(Decision("one"));
        });

        (await first).Reason.Should().Be("one");
        (await second).Reason.Should().Be("one");
        late.IsCompleted.Should().BeFalse("it asked for more than was decided");
        await reconsiderations.AnswerAsync(() => Task.FromResult(Decision("two")));
        (await late).Reason.Should().Be("two");
    }

    [Fact]
    public async Task The_loop_is_woken_by_a_caller()
    {
        _ = Ask();
        await foreach (var signal in signals.ReadAsync(CancellationToken.None))
        {
            signal.Should().Be(new LoopSignal(AdaptationTrigger.BudgetChanged));
            break;
        }
    }

    [Fact]
    public async Task When_the_loop_ends_nobody_waits_for_ever()
    {
        var before = Ask();
        reconsiderations.End();
        var after = Ask();

        await ShouldFail(before);
        await ShouldFail(after);
    }

    [Fact]
    public async Task A_decision_that_fails_is_no_answer()
    {
        var asked = Ask();
        var answer = () => reconsiderations.AnswerAsync(() => throw new InvalidOperationException("a bug"));

        await answer.Should().ThrowAsync<InvalidOperationException>();
        await ShouldFail(asked);
    }

    [Fact]
    public async Task What_takes_long_is_interrupted_for_a_caller_and_done_again_after_the_answer()
    {
        var begun = new TaskCompletionSource();
        var work = reconsiderations.TryUntilAskedAsync(
            token =>
            {
                begun.SetResult();
                return new TaskCompletionSource().Task.WaitAsync(token);
            },
            CancellationToken.None);
        await begun.Task;
        var asked = Ask();

        (await work).Should().BeFalse();
        reconsiderations.Pending.Should().Be(AdaptationTrigger.BudgetChanged);
        (await reconsiderations.TryUntilAskedAsync(token => new TaskCompletionSource().Task.WaitAsync(token), CancellationToken.None)).Should().BeFalse("nobody was answered yet");
        await reconsiderations.AnswerAsync(() => Task.FromResult(Decision("one")));
        (await asked).Reason.Should().Be("one");
        reconsiderations.Pending.Should().BeNull();
        (await reconsiderations.TryUntilAskedAsync(token => Task.CompletedTask, CancellationToken.None)).Should().BeTrue();
    }

    [Fact]
    public async Task Whoever_waits_for_nothing_interrupts_too()
    {
        var work = reconsiderations.TryUntilAskedAsync(token => new TaskCompletionSource().Task.WaitAsync(token), CancellationToken.None);
        reconsiderations.Request(AdaptationTrigger.BudgetChanged, signals);

        (await work).Should().BeFalse();
    }

    [Fact]
    public async Task The_end_of_the_loop_is_no_interruption()
    {
        using var stopping = new CancellationTokenSource();
        var work = () => reconsiderations.TryUntilAskedAsync(token => new TaskCompletionSource().Task.WaitAsync(token), stopping.Token);
        await stopping.CancelAsync();

        await work.Should().ThrowAsync<OperationCanceledException>();
    }

    private static async Task ShouldFail(Task asked)
    {
        var wait = () => asked;
        await wait.Should().ThrowAsync<HeliosException>().WithMessage("*loop has ended*");
    }

    private static AdaptationDecision Decision(string reason) => new()
    {
        At = default,
        Trigger = AdaptationTrigger.BudgetChanged,
        Considered = [],
        Previous = null,
        Chosen = Sample.Point().Point,
        Reason = reason,
    };

    private Task<AdaptationDecision> Ask() => reconsiderations.AskAsync(AdaptationTrigger.BudgetChanged, signals);
}
