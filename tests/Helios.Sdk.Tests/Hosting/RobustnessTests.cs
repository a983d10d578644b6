using System.Collections.Concurrent;
using Helios.Sdk.Models;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Serving.Scheduling;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Cancellations, changes, failures and shutdowns in the middle of everything.</summary>
public class RobustnessTests
{
    [Fact]
    public async Task A_thousand_requests_cancelled_at_random_while_the_depth_changes_leave_nothing_behind()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder
            .AddModel(TestData.Model("tiny-m"))
            .Configure(options => options.Serving.MaxBatchSize = 24));
        var points = new[] { ("tiny-s", 6, "none"), ("tiny-s", 2, "none"), ("tiny-m", 3, "none"), ("tiny-s", 6, "confidence:0.8"), ("tiny-m", 6, "top1:0.3"), ("tiny-s", 4, "none") };
        using var publishing = new SemaphoreSlim(1);
        var answers = new ConcurrentDictionary<(string Prompt, OperatingPoint Point), string>();
        var outcomes = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (i, _) =>
        {
            if (i % 40 == 39)
            {
                await publishing.WaitAsync(CancellationToken.None);
                var (model, depth, policy) = points[i / 40 % points.Length];
                await engine.PublishAsync(model, depth, policy);
                publishing.Release();
            }

            outcomes.Add(await AskAsync(engine, new Random(i), answers));
        }).WaitAsync(TestEngine.Patience);

        outcomes.Should().HaveCount(1000);
        outcomes.Distinct(StringComparer.Ordinal).Should().BeEquivalentTo("whole", "left", "cancelled");
        answers.Keys.Select(key => key.Point).Distinct().Should().HaveCountGreaterThan(3);
        await engine.SettleAsync();
        engine.MustBeIdle();
        engine.Engine.Pool.Snapshot.Models.Sum(model => model.Leases).Should().Be(1, "the active point is all that is claimed");
    }

    [Fact]
    public async Task A_load_that_fails_or_is_cancelled_half_way_leaves_the_served_model_serving()
    {
        using var folder = ModelPoolTests.Copy("tiny-m");
        GatedBackend? gated = null;
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m")).AddModel(folder.Path, "broken").ServeFixed(),
            backend => gated = new GatedBackend(backend));
        await engine.Engine.Ready;
        var request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 60, IgnoreEndOfSequence = true };
        var expected = await engine.AskAsync(request);
        var pool = engine.Engine.Pool;
        gated!.BeforeRead = ModelPoolTests.FailsIn(engine.Engine.Parts.Device.Pool.Find("broken").Checkpoint, 7);

        var running = Enumerable.Range(0, 6).Select(_ => engine.AskAsync(request)).ToList();
        (await pool.AcquireAsync(new LoadTarget("broken", 12))).Should().BeOfType<AcquireResult.Failed>();
        (await pool.AcquireAsync(new LoadTarget("broken", 12))).Should().BeOfType<AcquireResult.BackingOff>();

        using var cancellation = new CancellationTokenSource();
        var reached = gated.CloseBefore("tiny-m", 5);
        var load = pool.AcquireAsync(new LoadTarget("tiny-m", 12), cancellationToken: cancellation.Token).AsTask();
        await reached;
        (await engine.AskAsync(request)).TokenIds.Should().Equal(expected.TokenIds, "it serves while another model loads");
        await cancellation.CancelAsync();
        gated.Open("tiny-m", 5);
        await load.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();

        foreach (var answer in await Task.WhenAll(running)) answer.TokenIds.Should().Equal(expected.TokenIds);
        var asked = async () => await engine.AskAsync(request with { Model = "broken" });
        (await asked.Should().ThrowAsync<HeliosException>()).WithMessage("*broken@12*");
        (await engine.AskAsync(request)).TokenIds.Should().Equal(expected.TokenIds);
        pool.Snapshot.Models.Select(model => model.LoadedLayers).Should().Equal(6, 0, 0);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task Stopping_lets_live_requests_end()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var running = Prompts.All.Select(prompt => engine.AskAsync(GenerationRequest.FromText(prompt) with { MaxTokens = 40, IgnoreEndOfSequence = true })).ToList();
        await engine.Engine.StopAsync().WaitAsync(TestEngine.Patience);

        foreach (var answer in await Task.WhenAll(running)) answer.FinishReason.Should().Be(FinishReason.Length);
        var late = async () => await engine.AskAsync(GenerationRequest.FromText("Tom"));
        await late.Should().ThrowAsync<ObjectDisposedException>();
        await engine.Engine.StopAsync();
    }

    [Fact]
    public async Task Stopping_at_once_aborts_live_requests()
    {
        var scheduler = new GatedScheduler(5);
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.UseStrategy<IScheduler>(() => scheduler));
        var request = GenerationRequest.FromText("Tom") with { MaxTokens = 100, IgnoreEndOfSequence = true };
        var pieces = new List<GenerationUpdate>();
        Task<GenerationResult>? queued = null;
        await foreach (var piece in engine.Engine.StreamAsync(request))
        {
            pieces.Add(piece);
            if (pieces.Count != 5) continue;
            queued = engine.AskAsync(request);
            _ = engine.Engine.StopAsync(new CancellationToken(canceled: true));
        }

        pieces.Should().HaveCount(6);
        pieces.Take(5).Should().OnlyContain(piece => piece.FinishReason == null && piece.TokenId >= 0);
        pieces[^1].FinishReason.Should().Be(FinishReason.Aborted);
        pieces[^1].TokenId.Should().BeNull();
        var answer = await queued!;
        answer.FinishReason.Should().Be(FinishReason.Aborted);
        answer.TokenIds.Should().BeEmpty();
        answer.Point.Should().BeNull("it never ran");
    }

    [Fact]
    public async Task Stopping_when_time_is_up_aborts_what_is_left()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder
            .UseStrategy<IScheduler>(() => new GatedScheduler(0))
            .Configure(options => options.Serving.DrainTimeout = TimeSpan.Zero));
        var stuck = engine.AskAsync(GenerationRequest.FromText("Tom"));
        await engine.Engine.StopAsync().WaitAsync(TestEngine.Patience);
        var answer = await stuck;
        answer.FinishReason.Should().Be(FinishReason.Aborted);
        answer.Text.Should().BeEmpty();
    }

    [Fact]
    public async Task Stopping_before_the_first_model_serves_ends_those_who_wait_for_it()
    {
        GatedBackend? gated = null;
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(),
            backend =>
            {
                gated = new GatedBackend(backend);
                _ = gated.CloseBefore("tiny-s", 2);
                return gated;
            });
        var waiting = engine.AskAsync(GenerationRequest.FromText("Tom"));
        var insisting = engine.AskAsync(GenerationRequest.FromText("Tom") with { Model = "tiny-s" });
        var stop = engine.Engine.StopAsync(new CancellationToken(canceled: true));
        gated!.Open("tiny-s", 2);
        await stop.WaitAsync(TestEngine.Patience);

        (await waiting).FinishReason.Should().Be(FinishReason.Aborted);
        (await HowEndedAsync(insisting)).Should().BeOneOf("HeliosException", "Aborted");
    }

    [Fact]
    public async Task Stopping_while_a_request_loads_its_model_frees_what_it_loaded()
    {
        GatedBackend? gated = null;
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-s")).AddModel(TestData.Model("tiny-m")).ServeFixed(),
            backend => gated = new GatedBackend(backend));
        await engine.Engine.Ready;
        var reached = gated!.CloseBefore("tiny-m", 11);
        var insisting = engine.AskAsync(GenerationRequest.FromText("Tom") with { Model = "tiny-m" });
        await reached;
        var stop = engine.Engine.StopAsync(new CancellationToken(canceled: true));
        stop.IsCompleted.Should().BeFalse("a load still has the model's files");
        gated.Open("tiny-m", 11);
        await stop.WaitAsync(TestEngine.Patience);

        engine.Backend.AllocatedBytes.Should().Be(0);
        (await HowEndedAsync(insisting)).Should().BeOneOf("HeliosException", "Aborted");
    }

    [Fact]
    public async Task A_scheduler_that_throws_whatever_is_asked_of_it_is_asked_no_more()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.UseStrategy<IScheduler>(() => new BrokenScheduler()));
        engine.MayFail = true;
        for (var i = 0; i < 2; i++) (await engine.AskAsync(EventLog.Request(i))).TokenIds.Should().HaveCount(8);
        engine.Log.Of(LogLevel.Error).Should().ContainSingle().Which.Should().Contain("out of its mind");
    }

    private static async Task<string> HowEndedAsync(Task<GenerationResult> task)
    {
        try
        {
            return (await task).FinishReason.ToString();
        }
        catch (HeliosException error)
        {
            return error.GetType().Name;
        }
    }

    private static async Task<string> AskAsync(TestEngine engine, Random random, ConcurrentDictionary<(string, OperatingPoint), string> answers)
    {
        var request = GenerationRequest.FromText(Prompts.All[random.Next(Prompts.All.Length)]) with { MaxTokens = random.Next(1, 12), IgnoreEndOfSequence = true };
        var leaveAfter = random.Next(16);
        using var cancellation = new CancellationTokenSource();
        switch (random.Next(4))
        {
            case 0:
                try
                {
                    var seen = 0;
                    if (leaveAfter > 12) await cancellation.CancelAsync();
                    await foreach (var _ in engine.Engine.StreamAsync(request, cancellation.Token))
                    {
                        if (seen++ == leaveAfter) await cancellation.CancelAsync();
                    }

                    return "whole";
                }
                catch (OperationCanceledException)
                {
                    return "cancelled";
                }

            case 1:
                await foreach (var _ in engine.Engine.StreamAsync(request, CancellationToken.None))
                {
                    if (leaveAfter-- == 0) return "left";
                }

                return "whole";

            default:
                var answer = await engine.AskAsync(request, CancellationToken.None);
                answer.TokenIds.Count.Should().Be(request.MaxTokens);
                var ids = string.Join(' ', answer.TokenIds);
                var longest = answers.AddOrUpdate((request.Prompt!, answer.Point!), ids, (_, other) => other.Length > ids.Length ? other : ids);
                longest.Should().StartWith(ids, "greedy answers to one prompt at one point agree");
                return "whole";
        }
    }

    private sealed class BrokenScheduler : IScheduler
    {
        private bool asked;

        public void Enqueue(in RequestInfo request) => asked = true;

        public void Remove(RequestId id) => throw new InvalidOperationException("Nor can it forget.");

        public void Plan(StepPlanBuilder plan)
        {
            if (asked) throw new InvalidOperationException("The scheduler is out of its mind.");
        }

        public void Commit(in StepOutcome outcome)
        {
        }
    }
}
