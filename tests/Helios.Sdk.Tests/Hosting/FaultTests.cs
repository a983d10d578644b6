using Helios.Sdk.Cpu;
using Helios.Sdk.Scheduling;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Candidates that fail in every way they can, over the real loop: service goes on, the reason is published, and they are tried again.</summary>
public class FaultTests
{
    [Fact]
    public async Task A_candidate_that_runs_out_of_memory_while_loading_is_tried_again()
    {
        var fails = true;
        await using var engine = Build(backend => backend.Before = (model, layer, _) =>
            // Longer than an array can be: the real exception, without taking the memory.
            fails && model == "tiny-m" && layer == 2 ? Task.FromResult(new byte[int.MaxValue]) : Task.CompletedTask);
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);

        events.OfType<AdaptationEvent.LoadFailed>().Should().Contain(failed => failed.Target.Model == "tiny-m" && failed.Reason.Length > 0);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");

        fails = false;
        var loaded = new TaskCompletionSource();
        using var watching = engine.Engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.Loaded { Target: { Model: "tiny-m", Depth: 12 } }) loaded.TrySetResult();
        });
        for (var i = 0; !loaded.Task.IsCompleted; i++)
        {
            engine.Engine.Reassess();
            (await engine.AskAsync(EventLog.Request(i))).TokenIds.Should().HaveCount(8);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_candidate_whose_load_hangs_is_given_up(bool heedsCancellation)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var engine = Build(
            backend => backend.Before = (model, layer, cancellation) =>
                model == "tiny-m" && layer == 5 ? released.Task.WaitAsync(heedsCancellation ? cancellation : CancellationToken.None) : Task.CompletedTask,
            timeLimit: TimeSpan.FromMilliseconds(200));
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);

        events.OfType<AdaptationEvent.LoadFailed>().Should().Contain(failed => failed.Target.Model == "tiny-m" && failed.Reason.Contains("took longer", StringComparison.Ordinal) && failed.RetryAfter != null);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
        released.SetResult();
    }

    [Fact]
    public async Task A_layer_that_hangs_while_it_is_staged_for_scoring_holds_nothing_up()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var engine = Build(
            backend => backend.Before = (model, layer, _) => model == "tiny-m" && layer == 5 ? released.Task : Task.CompletedTask,
            timeLimit: TimeSpan.FromMilliseconds(200),
            // Room to score it beside the active point, and not to load it.
            budget: 20 << 20,
            more: builder => builder.Configure(options => options.Adaptation.MaxScoringShare = 0.5));
        var published = new TaskCompletionSource();
        using var watching = engine.Engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.EvaluationFailed { Model: "tiny-m" } failed && failed.Reason.Contains("Staging layer 5", StringComparison.Ordinal)) published.TrySetResult();
        });
        for (var i = 0; !published.Task.IsCompleted; i++)
        {
            engine.Engine.Reassess();
            (await engine.AskAsync(EventLog.Request(i))).TokenIds.Should().HaveCount(8);
        }

        var events = new EventLog(engine.Engine);
        var reassessments = events.OfType<AdaptationEvent.Reassessed>().Count();
        await EventLog.AskUntilAsync(engine, events.WaitAsync("reassessed", reassessments + 1));
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");
        released.SetResult();
    }

    [Fact]
    public async Task A_candidate_whose_probe_throws_is_tried_again_and_its_evaluation_told()
    {
        var fails = true;
        await using var engine = Build(backend => backend.BeforeStep = (model, isProbe) =>
        {
            if (fails && isProbe && model == "tiny-m") throw new InvalidOperationException("The device is out of order.");
        });
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);
        events.OfType<AdaptationEvent.EvaluationFailed>().Should().Contain(failed => failed.Model == "tiny-m" && failed.Reason.Contains("out of order", StringComparison.Ordinal) && failed.RetryAfter != null);

        fails = false;
        var again = events.WaitAsync("evaluated", 3);
        for (var i = 0; !again.IsCompleted; i++)
        {
            engine.Engine.Reassess();
            (await engine.AskAsync(EventLog.Request(i))).TokenIds.Should().HaveCount(8);
        }

        var evaluated = events.OfType<AdaptationEvent.Evaluated>().Last();
        evaluated.Model.Should().Be("tiny-m");
        evaluated.Traffic!.Before!.Requests.Should().BePositive();
    }

    [Fact]
    public async Task A_candidate_that_does_not_answer_in_time_is_given_up()
    {
        using var released = new ManualResetEventSlim();
        await using var engine = Build(
            backend => backend.BeforeStep = (model, isProbe) =>
            {
                if (!isProbe && model == "tiny-m") released.Wait();
            },
            // The limit is one for loads and probes too, which take long on a busy machine.
            timeLimit: TimeSpan.FromSeconds(10),
            requests: 1);
        using var watching = engine.Engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.EvaluationFailed { Model: "tiny-m" }) released.Set();
        });
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);

        events.OfType<AdaptationEvent.EvaluationFailed>().Should().Contain(failed => failed.Model == "tiny-m" && failed.Reason.Contains("not answered", StringComparison.Ordinal));
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
    }

    [Fact]
    public async Task A_first_load_that_fails_for_a_moment_does_not_end_the_start()
    {
        var left = 1;
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(),
            inner => new FaultyBackend(inner) { Before = (_, layer, _) => layer == 1 && left-- > 0 ? throw new IOException("The disk is away for a moment.") : Task.CompletedTask });

        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
        var events = new EventLog(engine.Engine);
        events.OfType<AdaptationEvent.LoadFailed>().Should().ContainSingle(failed => failed.Reason.Contains("away for a moment", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_the_first_candidate_cannot_be_loaded_another_one_serves()
    {
        await using var engine = Build(backend => backend.Before = (model, _, _) => model == "tiny-s" ? throw new IOException("The disk is gone.") : Task.CompletedTask);

        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-m");
    }

    [Fact]
    public async Task What_cannot_be_loaded_at_all_ends_the_start_with_the_reason_at_hand()
    {
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(),
            inner => new FaultyBackend(inner) { Before = (_, _, _) => throw new IOException("The disk is gone.") });
        engine.MayFail = true;

        var ready = async () => await engine.Engine.Ready.WaitAsync(TestEngine.Patience);

        (await ready.Should().ThrowAsync<HeliosException>()).WithMessage("*3 attempts: tiny-s@6: The disk is gone.");
    }

    [Fact]
    public void A_budget_in_which_nothing_fits_ends_the_start_with_the_option_and_the_figures()
    {
        CpuBackend? cpu = null;
        var build = () => Build(backend => cpu = (CpuBackend)backend.Inner, budget: 1 << 20);

        build.Should().Throw<ArgumentException>().WithMessage("MemoryBudgetBytes is 1048576; expected at least *: tiny-s@2 with one sequence is the smallest candidate.");
        cpu!.AllocatedBytes.Should().Be(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task A_scheduler_that_throws_is_replaced_and_no_request_is_lost(int plans)
    {
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().UseStrategy<IScheduler>(() => new FaultyScheduler(plans)));
        engine.MayFail = true;

        var answers = await engine.AskAllAsync(Enumerable.Range(0, 6).Select(EventLog.Request));
        answers.Should().OnlyContain(answer => answer.TokenIds.Count == 8);
        engine.Log.Of(LogLevel.Error).Should().ContainSingle().Which.Should().Contain("FaultyScheduler threw").And.Contain("out of my depth");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task A_change_whose_load_fails_is_recorded_as_one_that_was_not_carried_out()
    {
        var (gone, own) = (false, new OwnObjective { Favourite = "tiny-s" });
        await using var engine = Build(
            // Not the fixed part, which scoring asks for too: after that the model would be left alone already.
            backend => backend.Before = (model, layer, _) => gone && layer >= 0 && model == "tiny-m" ? throw new IOException("The disk is gone.") : Task.CompletedTask,
            more: builder => builder.UseStrategy<ISloObjective>(() => own).Optimize("own").LimitQualityGap(null));
        var events = new EventLog(engine.Engine);
        await events.EvaluateAsync(engine);
        await engine.Engine.SetObjectiveAsync("own").WaitAsync(TestEngine.Patience);
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");

        (gone, own.Favourite) = (true, "tiny-m");
        await engine.Engine.SetObjectiveAsync("own").WaitAsync(TestEngine.Patience);

        // A reassessment that was due may have chosen it first, and then it is left alone.
        var decision = events.OfType<AdaptationEvent.NotCarriedOut>().Should().ContainSingle().Subject.Decision;
        decision.Chosen.Target.Model.Should().Be("tiny-m");
        decision.NotCarriedOutBecause.Should().Contain("The disk is gone.");
        engine.Snapshot.Serving!.Target.Model.Should().Be("tiny-s");
        engine.Engine.Decisions.Should().ContainSingle(kept => kept.NotCarriedOutBecause != null).Which.Should().Be(decision);
        events.OfType<AdaptationEvent.LoadFailed>().Should().ContainSingle().Which.RetryAfter.Should().NotBeNull();
        engine.Log.Of(LogLevel.Warning).Should().Contain(message => message.Contains("was chosen but could not be loaded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_evaluation_says_how_long_live_requests_took_meanwhile()
    {
        await using var engine = Build(_ => { });
        var events = new EventLog(engine.Engine);

        // The first model may serve, and answer, a little before the evaluation begins.
        SpinWait.SpinUntil(() => engine.Engine.Parts.Device.Routes.Current?.Evaluation is not null, TestEngine.Patience).Should().BeTrue();
        await events.EvaluateAsync(engine);

        foreach (var evaluated in events.OfType<AdaptationEvent.Evaluated>())
        {
            evaluated.Traffic!.Before.Should().BeNull("nothing was served before the first evaluation");
            evaluated.Traffic.During!.Requests.Should().BeGreaterThanOrEqualTo(6);
            evaluated.Traffic.During.TtftMs.Should().BePositive();
            evaluated.Traffic.During.TpotMs.Should().BePositive();
        }
    }

    [Fact]
    public async Task An_objective_that_throws_changes_nothing_and_is_asked_again()
    {
        var own = new OwnObjective { Throws = true };
        await using var engine = TestEngine.Build(builder => builder
            .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
            .UseStrategy<ISloObjective>(() => own)
            .Optimize("own").LimitQualityGap(null)
            .EvaluateCandidates(candidates: 2, requestsPerCandidate: 2)
            .Configure(options => options.Adaptation.BreachLimit = options.Adaptation.BreachWindow - 1));
        var events = new EventLog(engine.Engine);
        await EventLog.AskUntilAsync(engine, events.WaitAsync("selected", 1));

        var kept = engine.Engine.Decisions[0];
        kept.Act.Should().Be(AdaptationAct.Keep);
        kept.Degraded.Should().BeFalse();
        kept.Reason.Should().Contain("objective 'own' threw InvalidOperationException: nothing is good enough");
        kept.Considered.Should().OnlyContain(point => point.InfeasibleBecause!.Contains("nothing is good enough", StringComparison.Ordinal));
        events.OfType<AdaptationEvent.ObjectiveFailed>().First().RetryAfter.Should().BePositive();
        engine.Log.Of(LogLevel.Warning).Should().Contain(message => message.Contains("Objective 'own' threw", StringComparison.Ordinal));

        own.Throws = false;
        for (var i = 0; engine.Engine.Decisions[^1].Considered.All(point => point.Score is null); i++)
        {
            engine.Engine.Reassess();
            (await engine.AskAsync(EventLog.Request(i))).TokenIds.Should().HaveCount(8);
        }
    }

    private static TestEngine Build(Action<FaultyBackend> configure, TimeSpan? timeLimit = null, long budget = 64 << 20, int requests = 3, Action<IHeliosBuilder>? more = null) => TestEngine.Build(
        builder =>
        {
            builder
                .AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m"))
                .UseMemoryBudget(budget)
                .EvaluateCandidates(candidates: 2, requestsPerCandidate: requests)
                .Configure(options =>
                {
                    options.Serving.MaxBatchSize = 8;
                    options.Adaptation.EvaluationTimeLimit = timeLimit ?? options.Adaptation.EvaluationTimeLimit;
                });
            more?.Invoke(builder);
        },
        inner =>
        {
            var faulty = new FaultyBackend(inner);
            configure(faulty);
            return faulty;
        });

    /// <summary>First come, first served, until it has planned so often.</summary>
    private sealed class FaultyScheduler(int plans) : IScheduler
    {
        private readonly List<RequestId> live = [];
        private int left = plans;

        public void Enqueue(in RequestInfo request) => live.Add(request.Id);

        public void Remove(RequestId id) => live.Remove(id);

        public void Plan(StepPlanBuilder plan)
        {
            foreach (var id in live)
            {
                // In the middle of a plan.
                if (left-- <= 0) throw new InvalidOperationException("out of my depth");
                plan.TryAdd(id, plan.RowsLeft > 0 ? plan.RowsLeft : 1);
            }
        }

        public void Commit(in StepOutcome outcome)
        {
            // Learns nothing.
        }
    }

    private sealed class OwnObjective : ISloObjective
    {
        private volatile bool throws;

        public bool Throws
        {
            get => throws;
            set => throws = value;
        }

        public string Favourite { get; set; } = "tiny-m";

        public string Name => "own";

        public ObjectiveScore Score(PointProfile profile) =>
            Throws ? throw new InvalidOperationException("nothing is good enough") : new ObjectiveScore((profile.Point.Target.Model == Favourite ? 100 : 0) + profile.Point.Target.Depth, []);
    }
}
