using System.Collections.Immutable;
using System.Diagnostics;
using Helios.Sdk.Adaptation;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Hosting;

namespace Helios.Sdk.Tests.Adaptation.Journal;

public sealed class DecisionTraceTests
{
    private static readonly OperatingPoint Present = new(new LoadTarget("small", 6));
    private static readonly OperatingPoint Deeper = new(new LoadTarget("small", 12));

    [Fact]
    public void A_decision_is_an_activity_with_every_point_considered()
    {
        using var listener = Listen();
        using var activity = DecisionTrace.Start(Decision());
        activity!.OperationName.Should().Be("helios.decision");
        activity.GetTagItem("helios.trigger").Should().Be("Breach");
        activity.GetTagItem("helios.act").Should().Be("Deepen");
        activity.GetTagItem("helios.previous").Should().Be("small@6");
        activity.GetTagItem("helios.chosen").Should().Be("small@12");
        activity.GetTagItem("helios.reason").Should().Be("it costs less");
        activity.GetTagItem("helios.cost.bytes").Should().Be(42L);

        var considered = activity.Events.Select(happened => happened.Tags.ToDictionary(StringComparer.Ordinal)).ToList();
        considered.Should().HaveCount(2);
        considered[0].Should().Contain("helios.point", "small@6").And.Contain("helios.infeasible", "breach rate 0.6 is over its limit").And.NotContainKey("helios.score");
        considered[1].Should().Contain("helios.point", "small@12").And.Contain("helios.score", -2.0).And.Contain("helios.term.load", 0.5);
    }

    [Fact]
    public void What_could_not_be_carried_out_is_an_error()
    {
        using var listener = Listen();
        using var activity = DecisionTrace.Start(Decision());
        DecisionTrace.Fail(activity, "The disk is gone.");
        activity!.Status.Should().Be(ActivityStatusCode.Error);
    }

    [Fact]
    public async Task Decisions_are_no_part_of_what_was_traced_when_the_engine_started()
    {
        var decided = new TaskCompletionSource<Activity>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = Listen(started =>
        {
            if (started.GetTagItem("helios.chosen") is string chosen && chosen.StartsWith("traced@", StringComparison.Ordinal)) decided.TrySetResult(started);
        });
        using var folder = ModelPoolTests.Copy("tiny-s");
        using var startup = new Activity("startup").Start();
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "traced").EvaluateCandidates(1, 1));

        while (!decided.Task.IsCompleted) await engine.AskAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = 4, IgnoreEndOfSequence = true });

        (await decided.Task).ParentId.Should().BeNull();
    }

    private static AdaptationDecision Decision() => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Trigger = AdaptationTrigger.Breach,
        Considered = ImmutableArray.Create(
            new ConsideredPoint(Present, null, [], "breach rate 0.6 is over its limit"),
            new ConsideredPoint(Deeper, -2, [new ScoreTerm("load", 0.5, "s")])),
        Previous = Present,
        Chosen = Deeper,
        Reason = "it costs less",
        PredictedCost = new ChangeCost(42, 0.5),
    };

    private static ActivityListener Listen(Action<Activity>? stopped = null)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Helios.Sdk",
            ActivityStopped = stopped,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
