using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Objective and budget changed while an engine serves.</summary>
public class GoalChangeTests
{
    private const long Budget = 48 << 20;

    [Fact]
    public async Task Another_objective_is_another_choice()
    {
        await using var engine = await AdaptingAsync();

        var memory = await SetAsync(engine, "memory");
        memory.Trigger.Should().Be(AdaptationTrigger.ObjectiveChanged);
        memory.Chosen.Target.Should().Be(new LoadTarget("tiny-s", 2), "it is the smallest there is");
        engine.Snapshot.Serving.Should().Be(memory.Chosen);

        var quality = await SetAsync(engine, "quality");
        quality.Chosen.Target.Depth.Should().BeGreaterThan(2);
        engine.Snapshot.Serving.Should().Be(quality.Chosen);

        var energy = await SetAsync(engine, "energy");
        energy.Considered.Should().Contain(point => point.Score < 0 && point.Terms.Any(term => term.Name == "joulesPerToken" && term.Value > 0));
        (await AskAsync(engine, 1)).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task Goodput_limits_how_many_run_together()
    {
        await using var engine = await AdaptingAsync();

        var free = await SetAsync(engine, "goodput:ttft=1min,tpot=1min");
        free.Batch.Should().BeGreaterThan(1);
        engine.Engine.Parts.Device.Routes.Current!.MaxBatch.Should().Be(free.Batch);
        await SetAsync(engine, "throughput");
        engine.Engine.Parts.Device.Routes.Current!.MaxBatch.Should().BeNull();

        // No step of any model is so quick: nothing keeps it, and nothing is limited.
        var tight = await SetAsync(engine, "goodput:ttft=1us,tpot=1us");
        tight.Degraded.Should().BeTrue();
        tight.Considered.Should().OnlyContain(point => point.InfeasibleBecause!.Contains("is over 0 ms"));
    }

    [Fact]
    public async Task An_objective_that_is_none_changes_nothing()
    {
        await using var engine = await AdaptingAsync();
        var unknown = () => engine.Engine.SetObjectiveAsync("beauty");
        await unknown.Should().ThrowAsync<ArgumentException>().WithMessage("*'beauty'*");
        engine.Engine.Decisions.Should().NotContain(decision => decision.Trigger == AdaptationTrigger.ObjectiveChanged);
    }

    [Fact]
    public async Task Limits_are_kept_from_then_on_and_those_that_are_wrong_change_nothing()
    {
        await using var engine = await AdaptingAsync();
        var limits = engine.Engine.Limits;
        limits.Should().Be(new ServiceLimits { ConfidenceTarget = 0.01 }, "the floor of quality was lifted");

        await SetAsync(engine, "memory");
        var bounded = await engine.Engine.SetLimitsAsync(limits with { MinAgreement = 1 }).WaitAsync(TestEngine.Patience);
        bounded.Trigger.Should().Be(AdaptationTrigger.LimitsChanged);
        bounded.Considered.Should().Contain(point => point.Point.Target.Depth == 2 && point.InfeasibleBecause!.Contains("agree", StringComparison.Ordinal));
        engine.Snapshot.Serving!.Target.Depth.Should().BeGreaterThan(2);

        var wrong = () => engine.Engine.SetLimitsAsync(limits with { MinAgreement = 2, MaxPointBytes = 0, ConfidenceTarget = double.NaN });
        (await wrong.Should().ThrowAsync<ArgumentException>()).WithMessage("Adaptation.ConfidenceTarget is NaN*Adaptation.MinAgreement is 2*Adaptation.MaxPointBytes is 0*").Which.Message.Should().NotContain("(Parameter");
        engine.Engine.Limits.Should().Be(limits with { MinAgreement = 1 });
    }

    [Fact]
    public async Task Another_target_of_confidence_is_held_against_what_was_scored_already()
    {
        var clock = new ManualClock();
        using var model = new ScriptedModel("layered", layers: 8, exits: [2, 4])
        {
            // Three tokens of five are known at depth 4 only.
            SettledAt = text => text.Length % 5 < 3 ? 4 : 1,
            LayerTime = TimeSpan.FromMilliseconds(2),
        }.Otherwise(" and so it went on and on, until it ended.");
        await using var engine = HeliosEngine.CreateBuilder().UseTime(clock).UseScripted(clock, model)
            .EvaluateCandidates(1, requestsPerCandidate: 8)
            .Optimize("throughput").LimitQualityGap(null)
            .LoadPartially(confidenceTarget: 0)
            .Build();
        for (var asked = 0; asked < 400 && engine.Snapshot.Serving?.Target.Depth != 2; asked++)
            await engine.GenerateAsync(GenerationRequest.FromText($"Tale {asked}")).WaitAsync(TestEngine.Patience);
        engine.Snapshot.Serving!.Target.Depth.Should().Be(2, "no token is under a target of 0");
        var scored = engine.Snapshot.Profiles[0].EvidenceRequests;

        var raised = await engine.SetLimitsAsync(engine.Limits with { ConfidenceTarget = 0.5 }).WaitAsync(TestEngine.Patience);
        raised.Trigger.Should().Be(AdaptationTrigger.LimitsChanged);
        raised.Considered.Single(point => point.Point.Target.Depth == 2).InfeasibleBecause.Should().StartWith("breach rate 0.");
        engine.Snapshot.Serving.Should().Be(raised.Chosen).And.Be(new OperatingPoint(new LoadTarget("layered", 4)));
        engine.Snapshot.Profiles.Should().OnlyContain(profile => profile.EvidenceRequests >= scored, "nothing was forgotten");

        var lowered = await engine.SetLimitsAsync(engine.Limits with { ConfidenceTarget = 0 }).WaitAsync(TestEngine.Patience);
        lowered.Chosen.Target.Depth.Should().Be(2);
        engine.Snapshot.Serving.Should().Be(lowered.Chosen);
        engine.Limits.ConfidenceTarget.Should().Be(0);
    }

    [Fact]
    public async Task The_guard_counts_against_the_target_that_is_in_force()
    {
        await using var engine = await AdaptingAsync();
        var limits = engine.Engine.Limits;
        var before = engine.Engine.Parts.Serving.Telemetry.BreachWatch!;
        before.Target.Should().Be(0.01);

        await engine.Engine.SetLimitsAsync(limits with { ConfidenceTarget = 0.02 }).WaitAsync(TestEngine.Patience);
        var guard = engine.Engine.Parts.Serving.Telemetry.BreachWatch!;
        guard.Target.Should().Be(0.02);

        await engine.Engine.SetLimitsAsync(limits with { ConfidenceTarget = 0.02, MaxTtft = TimeSpan.FromDays(1) }).WaitAsync(TestEngine.Patience);
        engine.Engine.Parts.Serving.Telemetry.BreachWatch.Should().BeSameAs(guard, "what it counted still says something");
    }

    [Fact]
    public async Task A_smaller_budget_is_in_force_once_everything_fits_and_a_larger_one_at_once()
    {
        await using var engine = await AdaptingAsync();
        var running = Enumerable.Range(0, 12).Select(i => AskAsync(engine, i, tokens: 100)).ToList();

        var shrunk = await ChangeAsync(engine, 12 << 20);
        shrunk.Should().BeOfType<BudgetChange.InForce>().Which.Decision.Trigger.Should().Be(AdaptationTrigger.BudgetChanged);
        var pool = engine.Engine.Pool.Snapshot;
        pool.BudgetBytes.Should().Be(12 << 20);
        pool.UsedBytes.Should().BeLessThanOrEqualTo(12 << 20);
        engine.Engine.Parts.Device.Pool.BytesWithOneSequence(engine.Snapshot.Serving!.Target).Should().BeLessThanOrEqualTo(12 << 20, "which exit of which model is best then, the machine's speed decides");
        foreach (var answer in await Task.WhenAll(running)) answer.TokenIds.Should().HaveCount(100);

        (await ChangeAsync(engine, Budget)).Should().BeOfType<BudgetChange.InForce>();
        engine.Engine.Pool.Snapshot.BudgetBytes.Should().Be(Budget);
        (await AskAsync(engine, 1)).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task A_budget_in_which_nothing_can_serve_is_refused_as_a_value()
    {
        await using var engine = await AdaptingAsync();

        var refused = (await ChangeAsync(engine, 1 << 20)).Should().BeOfType<BudgetChange.Refused>().Subject;
        refused.LeastBytes.Should().BeInRange((1 << 20) + 1, 12 << 20);
        refused.Because.Should().Contain($"{refused.LeastBytes} bytes");
        engine.Engine.Pool.Snapshot.BudgetBytes.Should().Be(Budget);

        (await ChangeAsync(engine, refused.LeastBytes)).Should().BeOfType<BudgetChange.InForce>();
        (await AskAsync(engine, 1)).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task A_larger_budget_that_nobody_waits_for_any_more_is_what_points_are_chosen_for_all_the_same()
    {
        await using var engine = Build(12 << 20);
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        using var impatience = new CancellationTokenSource();

        // Nobody asks anything, so that the first evaluation goes on.
        var change = engine.Engine.SetMemoryBudgetAsync(Budget, impatience.Token);
        await impatience.CancelAsync();
        var wait = () => change.WaitAsync(TestEngine.Patience);
        await wait.Should().ThrowAsync<OperationCanceledException>();

        await DecideAsync(engine);
        engine.Engine.Pool.Snapshot.BudgetBytes.Should().Be(Budget);
        engine.Engine.Decisions[^1].Considered.Should().NotContain(point => point.InfeasibleBecause != null && point.InfeasibleBecause.Contains("memory budget"));
    }

    [Fact]
    public async Task A_change_does_not_wait_for_an_evaluation_that_waits_for_traffic_and_the_evaluation_goes_on()
    {
        await using var engine = Build(Budget);
        var events = new EventLog(engine.Engine);
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);

        // Nobody asks anything.
        var memory = await SetAsync(engine, "memory");
        memory.Trigger.Should().Be(AdaptationTrigger.ObjectiveChanged);
        engine.Snapshot.Serving.Should().Be(memory.Chosen);
        (await ChangeAsync(engine, 12 << 20)).Should().BeOfType<BudgetChange.InForce>();
        engine.Engine.Pool.Snapshot.UsedBytes.Should().BeLessThanOrEqualTo(12 << 20);
        (await ChangeAsync(engine, Budget)).Should().BeOfType<BudgetChange.InForce>();
        events.OfType<AdaptationEvent.Evaluated>().Should().BeEmpty();

        await events.EvaluateAsync(engine);
        await UntilAsync(engine, () => engine.Engine.Decisions.Any(decision => decision.Trigger == AdaptationTrigger.Start));
        engine.Engine.Decisions.Single(decision => decision.Trigger == AdaptationTrigger.Start).Considered.Should().OnlyContain(point => point.Score != null, "the objective is memory, and everything was scored");
    }

    [Fact]
    public async Task A_smaller_budget_does_not_wait_for_a_candidate_that_waits_for_traffic()
    {
        await using var engine = Build(Budget);
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        var (serving, candidate) = engine.Snapshot.Serving!.Target.Model == "tiny-s" ? ("tiny-s", "tiny-m") : ("tiny-m", "tiny-s");
        for (var i = 0; !IsLoaded(candidate); i++) await AskAsync(engine, i);
        for (var i = 0; i < 3; i++)
        {
            (await ChangeAsync(engine, 26 << 20)).Should().BeOfType<BudgetChange.InForce>();
            engine.Engine.Pool.Snapshot.UsedBytes.Should().BeLessThanOrEqualTo(26 << 20, "{0} serves", serving);
            (await ChangeAsync(engine, Budget)).Should().BeOfType<BudgetChange.InForce>();
        }

        bool IsLoaded(string model) => engine.Engine.Pool.Snapshot.Models.Single(one => one.Info.Name == model).LoadedLayers > 0;
    }

    [Fact]
    public async Task A_change_honours_cancellation_while_its_point_loads()
    {
        var (hangs, reached, released) = (false, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        await using var engine = Build(Budget, candidates: 1, wrap: backend => new FaultyBackend(backend)
        {
            Before = (model, _, _) =>
            {
                if (!hangs || model != "tiny-s") return Task.CompletedTask;
                reached.TrySetResult();
                return released.Task;
            },
        });
        await DecideAsync(engine);
        hangs = true;
        using var impatience = new CancellationTokenSource();
        var change = engine.Engine.SetMemoryBudgetAsync(engine.Engine.Parts.Device.Pool.LeastBytes(), impatience.Token);
        await reached.Task.WaitAsync(TestEngine.Patience);
        await impatience.CancelAsync();

        var wait = () => change.WaitAsync(TestEngine.Patience);
        await wait.Should().ThrowAsync<OperationCanceledException>();
        released.SetResult();
        engine.Engine.Pool.Snapshot.BudgetBytes.Should().Be(Budget);
    }

    [Fact]
    public async Task A_smaller_budget_that_is_given_up_leaves_a_choice_for_the_former_one()
    {
        await using var engine = await AdaptingAsync();
        using var impatience = new CancellationTokenSource();

        // A claim of somebody's keeps on the device what does not fit.
        using var claim = (await engine.Engine.Pool.AcquireAsync(new LoadTarget("tiny-m", 12))).Should().BeOfType<AcquireResult.Acquired>().Subject.Lease;
        var change = engine.Engine.SetMemoryBudgetAsync(engine.Engine.Parts.Device.Pool.LeastBytes(), impatience.Token);
        await UntilAsync(engine, () => engine.Engine.Decisions[^1].Trigger == AdaptationTrigger.BudgetChanged);
        engine.Snapshot.Profiles.Should().Contain(profile => profile.MaxBatch == 0);
        await impatience.CancelAsync();
        var wait = () => change.WaitAsync(TestEngine.Patience);
        await wait.Should().ThrowAsync<OperationCanceledException>();

        await UntilAsync(engine, () => engine.Engine.Decisions.Count(decision => decision.Trigger == AdaptationTrigger.BudgetChanged) == 2);
        engine.Engine.Pool.Snapshot.BudgetBytes.Should().Be(Budget);
        engine.Snapshot.Profiles.Should().HaveCount(10).And.OnlyContain(profile => profile.MaxBatch > 0);
    }

    [Fact]
    public async Task A_budget_for_which_nothing_can_be_brought_up_leaves_a_choice_for_the_former_one()
    {
        var gone = false;
        await using var engine = Build(Budget, candidates: 1, wrap: backend => new FaultyBackend(backend)
        {
            Before = (model, _, _) => gone && model == "tiny-s" ? throw new IOException("The disk is gone.") : Task.CompletedTask,
        });
        await DecideAsync(engine);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-m", "of the models that fit whole the largest is the one candidate");

        gone = true;
        var refused = (await ChangeAsync(engine, engine.Engine.Parts.Device.Pool.LeastBytes())).Should().BeOfType<BudgetChange.Refused>().Subject;
        refused.Because.Should().Contain("tiny-m");
        await UntilAsync(engine, () => engine.Engine.Decisions.Count(decision => decision.Trigger == AdaptationTrigger.BudgetChanged) == 2);
        engine.Snapshot.Profiles.Should().Contain(profile => profile.IsServing && profile.MaxBatch > 0);
    }

    [Fact]
    public async Task Who_joins_the_shortlist_answers_live_requests_at_the_next_reassessment()
    {
        await using var engine = Build(Budget, candidates: 1);
        var events = new EventLog(engine.Engine);
        await DecideAsync(engine);
        events.OfType<AdaptationEvent.Evaluated>().Select(evaluated => evaluated.Model).Should().Equal("tiny-m");

        (await ChangeAsync(engine, 12 << 20)).Should().BeOfType<BudgetChange.InForce>();
        engine.Engine.Reassess();
        await EventLog.AskUntilAsync(engine, events.WaitAsync("evaluated", 2));
        events.OfType<AdaptationEvent.Evaluated>().Last().Model.Should().Be("tiny-s");
    }

    [Fact]
    public async Task A_static_engine_has_no_goals_and_a_stopped_one_says_so()
    {
        await using var fixedEngine = await TestEngine.ServeAsync("tiny-s");
        var change = () => fixedEngine.Engine.SetObjectiveAsync("memory");
        await change.Should().ThrowAsync<InvalidOperationException>().WithMessage("*Adaptation.Enabled*");

        await using var engine = await AdaptingAsync();
        await engine.Engine.StopAsync();
        var late = () => engine.Engine.SetMemoryBudgetAsync(Budget);
        await late.Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Whoever_waits_for_a_decision_when_the_engine_stops_learns_it()
    {
        var (gone, reached) = (false, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var engine = Build(Budget, candidates: 1, wrap: backend => new FaultyBackend(backend)
        {
            Before = (model, _, token) =>
            {
                if (!gone || model != "tiny-s") return Task.CompletedTask;
                reached.TrySetResult();
                return new TaskCompletionSource().Task.WaitAsync(token);
            },
        });
        await DecideAsync(engine);
        gone = true;
        var change = engine.Engine.SetMemoryBudgetAsync(engine.Engine.Parts.Device.Pool.LeastBytes());
        await reached.Task.WaitAsync(TestEngine.Patience);

        await engine.Engine.StopAsync().WaitAsync(TestEngine.Patience);
        var wait = () => change.WaitAsync(TestEngine.Patience);
        await wait.Should().ThrowAsync<HeliosException>();
    }

    /// <summary>An engine of two models that has made its first choice.</summary>
    private static async Task<TestEngine> AdaptingAsync()
    {
        var engine = Build(Budget);
        await DecideAsync(engine);
        return engine;
    }

    private static TestEngine Build(long budget, int candidates = 2, Func<IBackend, IBackend>? wrap = null) => TestEngine.Build(builder => builder
        .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
        .UseMemoryBudget(budget)
        .EstimateEnergy(watts: 50)
        .EvaluateCandidates(candidates, requestsPerCandidate: 2)
        .Optimize("throughput").LimitQualityGap(null)
        .Configure(options => options.Adaptation.BreachLimit = options.Adaptation.BreachWindow - 1)
        .Configure(options => (options.Adaptation.BreachMargin, options.Adaptation.ConfidenceTarget) = (0, 0.01)), wrap);

    private static async Task DecideAsync(TestEngine engine)
    {
        for (var i = 0; engine.Engine.Decisions.Count == 0; i++) await AskAsync(engine, i);
        await engine.SettleAsync();
    }

    private static async Task UntilAsync(TestEngine engine, Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TestEngine.Patience);
        for (; !condition(); await engine.SettleAsync()) patience.Token.ThrowIfCancellationRequested();
    }

    private static Task<AdaptationDecision> SetAsync(TestEngine engine, string objective) => engine.Engine.SetObjectiveAsync(objective).WaitAsync(TestEngine.Patience);

    private static Task<BudgetChange> ChangeAsync(TestEngine engine, long bytes) => engine.Engine.SetMemoryBudgetAsync(bytes).WaitAsync(TestEngine.Patience);

    private static Task<GenerationResult> AskAsync(TestEngine engine, int i, int tokens = 8) =>
        engine.AskAsync(GenerationRequest.FromText(Prompts.All[i % Prompts.All.Length]) with { MaxTokens = tokens, IgnoreEndOfSequence = true });
}
