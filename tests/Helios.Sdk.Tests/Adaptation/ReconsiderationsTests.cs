using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Telemetry;

namespace Helios.Sdk.Tests.Adaptation;

public class ReconsiderationsTests
{
    private readonly LoopSignals signals = new(inline: false);
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
    public async Task The_loop_is_woken_by_whoever_asks()
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
