using Helios.Sdk.Adaptation;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Hosting.Requests;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What is refused before anything is queued, and how.</summary>
public class RequestChecksTests
{
    public static TheoryData<GenerationRequest, string> Bad => new()
    {
        { GenerationRequest.FromText("a") with { Model = "nobody" }, "no model 'nobody'*tiny-s" },
        { GenerationRequest.FromText("a") with { MaxTokens = 256 }, "MaxTokens is 256; expected at most 255: 1 of the 256 tokens in the context of 'tiny-s' are the prompt's" },
        { GenerationRequest.FromText("a") with { MaxTokens = int.MaxValue }, "MaxTokens" },
        { GenerationRequest.FromTokens(new int[250]) with { MaxTokens = 7 }, "MaxTokens is 7; expected at most 6: 250 of the 256 tokens in the context of 'tiny-s' are the prompt's" },
        { GenerationRequest.FromTokens([1, 4096]), "4096*0 to 4095" },
        { GenerationRequest.FromTokens(new int[300]), "TokenIds is 300 tokens; expected fewer than 256, the context of 'tiny-s', for an answer to fit" },
        { GenerationRequest.FromText("a") with { Stop = new string[9_000_000] }, "Stop is more than 64 strings; expected at most 64" },
        { GenerationRequest.FromText(""), "empty" },
        { GenerationRequest.FromText("a") with { MaxTokens = -1 }, "MaxTokens is -1" },
        { GenerationRequest.FromText("a") with { Sampling = new() { Temperature = float.NaN } }, "Temperature is NaN" },
        { GenerationRequest.FromText("a") with { Sampling = new() { MinP = 2 } }, "MinP is 2" },
        { GenerationRequest.FromText("a") with { Sampling = new() { LogitBias = new Dictionary<int, float> { [4096] = 1 } } }, "LogitBias is given for token 4096; expected an id of 'tiny-s', 0 to 4095" },
        { GenerationRequest.FromText("a") with { StopTokenIds = [5000] }, "StopTokenIds is given for token 5000" },
    };

    public static TheoryData<Action<HeliosOptions>, string> BadOptions => new()
    {
        { options => options.Models.Clear(), "Models is empty" },
        { options => options.Models.Add(options.Models[0]), "Models[1].Name is 'tiny-s' while Models[0].Name is 'tiny-s'; expected names that differ" },
        { options => options.Models.Add(options.Models[0] with { Name = "TINY-s" }), "Models[1].Name is 'TINY-s' while Models[0].Name is 'tiny-s'; expected names that differ by more than case" },
        { options => options.Models.Add(new ModelSource("", "x")), "Models[1].Name is empty; expected a name for the model at 'x'" },
        { options => options.Precision = (Precision)42, "Precision is 42; expected Auto, Fp32, Bf16, Int8, Int4, Fp16" },
        { options => options.MemoryBudgetBytes = 0, "MemoryBudgetBytes is 0" },
        { options => options.Serving.ExitPolicy = "sometimes", "Serving.ExitPolicy is 'sometimes'; expected a known policy. Known are: none, confidence:" },
        { options => options.Serving.ExitPolicy = "confidence:1.5", "Serving.ExitPolicy is 'confidence:1.5'; expected confidence:<a number from 0 to 1>" },
        { options => options.Serving.ExitPolicy = "patience:NaN", "Serving.ExitPolicy" },
        { options => options.Serving.MaxBatchSize = 0, "Serving.MaxBatchSize is 0" },
        { options => options.Serving.MaxRowsPerStep = 3, "Serving.MaxRowsPerStep is 3 while Serving.MaxBatchSize is 64; expected at least 64" },
        { options => options.Serving.MaxQueueLength = -1, "Serving.MaxQueueLength is -1" },
        { options => options.Serving.MaxRowsPerStep = int.MaxValue, "Serving.MaxRowsPerStep is 2147483647; expected 1 to 65536" },
        { options => options.Serving.KvBlockTokens = 1 << 20, "Serving.KvBlockTokens is 1048576; expected a multiple of 16 from 16 to 4096" },
        { options => options.Serving.Order = null!, "Serving.Order is null; expected a name" },
        { options => options.Serving.ExitPolicy = "none,min=3", "Serving.ExitPolicy is 'none,min=3'; expected none without min" },
        { options => options.Serving.KvBlockTokens = 24, "Serving.KvBlockTokens is 24" },
        { options => options.Serving.DefaultCacheShare = double.NaN, "Serving.DefaultCacheShare is NaN; expected 0 to 1" },
        { options => options.Serving.Tenants[""] = new TenantOptions(), "Serving.Tenants is a table with an empty name" },
        { options => options.Serving.Tenants["a"] = null!, "Serving.Tenants[a] is null" },
        { options => options.Serving.Tenants["a"] = new TenantOptions { CacheGroup = "" }, "Serving.Tenants[a].CacheGroup is empty" },
        { options => options.Serving.Tenants["a"] = new TenantOptions { CacheShare = 1.5 }, "Serving.Tenants[a].CacheShare is 1.5; expected 0 to 1" },
        { SharesDiffer, "Serving.Tenants[c].CacheShare is 0.2 while Serving.Tenants[a].CacheShare is 0.1; expected the same for all of CacheGroup 'team'" },
        { options => options.Serving.DrainTimeout = TimeSpan.FromSeconds(-1), "Serving.DrainTimeout" },
        { options => options.Serving.MaxQueueTime = TimeSpan.Zero, "Serving.MaxQueueTime is 00:00:00" },
        { options => options.Serving.Order = "alphabetic", "Serving.Order is 'alphabetic'; expected fair, first-come, deadline" },
        { options => options.Serving.PriorityAging = TimeSpan.FromDays(2), "Serving.PriorityAging is 2" },
        { options => options.Serving.UnpacedStepTime = TimeSpan.FromSeconds(2), "Serving.UnpacedStepTime is 00:00:02; expected 0 to 1 second" },
        { options => options.Serving.MaxDecodeStretch = 1, "Serving.MaxDecodeStretch is 1; expected above 1" },
        { options => options.Serving.MaxDecodeStretch = double.NaN, "Serving.MaxDecodeStretch is NaN" },
        { options => options.Serving.KvWatermark = 0.6, "Serving.KvWatermark is 0.6; expected 0 to 0.5" },
        { options => options.Serving.Tenants["a"] = new TenantOptions { Weight = 0 }, "Serving.Tenants?a?.Weight is 0" },
        { options => options.Serving.Tenants["a"] = new TenantOptions { Weight = double.NaN }, "Serving.Tenants?a?.Weight is NaN" },
        { options => options.Serving.Tenants["a"] = new TenantOptions { Weight = 1e-18 }, "Serving.Tenants?a?.Weight is 1E-18; expected 0.001 to 1000" },
        { options => options.Serving.Tenants[""] = new TenantOptions(), "Serving.Tenants is a table with an empty name" },
        { options => options.Adaptation.ProfileStore = TestData.Root, $"Adaptation.ProfileStore is '{TestData.Root}', which is a folder; expected a file in a folder that exists" },
        { options => options.Adaptation.ProfileStore = Path.Combine(TestData.Root, "README.md", "store.json"), "Adaptation.ProfileStore is '*store.json', and '*README.md' is a file; expected" },
        { options => options.Adaptation.ProfileStore = Path.Combine(TestData.Root, "nowhere", "store.json"), "Adaptation.ProfileStore is '*store.json', and there is no folder '*nowhere'; expected" },
        { options => options.Adaptation.ProfileStore = " ", "Adaptation.ProfileStore is ' ', which is no path; expected" },
        { options => options.Adaptation.Objective = "beauty", "Adaptation.Objective*beauty" },
        { options => options.Adaptation.ConfidenceTarget = double.NaN, "Adaptation.ConfidenceTarget is NaN" },
        { options => options.Adaptation.BreachLimit = 100, "Adaptation.BreachLimit is 100" },
        { options => options.Adaptation.MaxQualityGap = double.NaN, "Adaptation.MaxQualityGap is NaN" },
        { options => options.Adaptation.MaxScoringShare = 0, "Adaptation.MaxScoringShare is 0" },
        { options => options.Adaptation.MinimumGain = double.NaN, "Adaptation.MinimumGain is NaN" },
        { options => options.Serving.DraftDepth = 6, "Serving.DraftDepth is 6; expected an exit of 'tiny-s' below its full depth: 2, 3, 4, 5" },
        { options => options.Serving.DraftDepth = 0, "Serving.DraftDepth is 0" },
        { options => (options.Serving.DraftDepth, options.Adaptation.Enabled) = (3, true), "Serving.DraftDepth is 3 while Adaptation.Enabled is true; expected adaptation off, or null" },
        { options => (options.Serving.DraftDepth, options.Adaptation.FixedDepth) = (3, 5), "Serving.DraftDepth is 3 while Adaptation.FixedDepth is 5; expected the full depth of 'tiny-s', 6 layers" },
        { options => (options.Serving.DraftDepth, options.Serving.ExitPolicy) = (3, "patience:2"), "Serving.DraftDepth is 3 while Serving.ExitPolicy is 'patience:2'; expected the exit policy none" },
        { options => (options.Adaptation.Enabled, options.Adaptation.FixedDepth) = (false, 7), "Adaptation.FixedDepth is 7*6 layers" },
    };

    private static void SharesDiffer(HeliosOptions options)
    {
        options.Serving.Tenants["a"] = new TenantOptions { CacheGroup = "team", CacheShare = 0.1 };
        options.Serving.Tenants["b"] = new TenantOptions { CacheGroup = "team" };
        options.Serving.Tenants["c"] = new TenantOptions { CacheGroup = "team", CacheShare = 0.2 };
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_request_is_refused_whole_or_streamed(GenerationRequest request, string named)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var whole = async () => await engine.AskAsync(request);
        (await whole.Should().ThrowAsync<ArgumentException>()).WithMessage($"*{named}*");
        var streamed = async () =>
        {
            await foreach (var _ in engine.Engine.StreamAsync(request))
            {
            }
        };
        (await streamed.Should().ThrowAsync<ArgumentException>()).WithMessage($"*{named}*");
        engine.Snapshot.Steps.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void A_bad_option_is_refused_when_the_engine_is_built(Action<HeliosOptions> change, string named)
    {
        var build = () => TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().Configure(change));
        build.Should().Throw<ArgumentException>().WithMessage($"*{named}*");
    }

    [Fact]
    public void An_engine_needs_a_backend()
    {
        var build = () => HeliosEngine.CreateBuilder().AddModel(TestData.Model("tiny-s")).Should().BeOfType<HeliosBuilder>().Subject.Build();
        build.Should().Throw<ArgumentException>().WithMessage("*UseCpu*");
    }

    [Fact]
    public async Task A_prompt_and_answer_that_just_fit_are_served()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var answer = await engine.AskAsync(GenerationRequest.FromTokens([.. Enumerable.Range(0, 250)]) with { MaxTokens = 6, IgnoreEndOfSequence = true });
        answer.TokenIds.Should().HaveCount(6);
    }

    [Fact]
    public async Task A_queue_without_end_takes_requests()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options => options.Serving.MaxQueueLength = int.MaxValue));
        (await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 })).TokenIds.Should().HaveCount(2);
    }

    [Fact]
    public async Task Ids_that_the_model_insisted_on_lacks_are_refused_at_once()
    {
        using var large = WithTokenizer(4100);
        using var small = WithTokenizer(4096);
        using var rig = PoolRig.Create([large.Path, small.Path]);
        var served = rig.Pool.Entries.Single(entry => entry.Info.Architecture.VocabularySize == 4096).Info.Name;
        using var lease = await rig.AcquireAsync(served, 3);
        var ready = new TaskCompletionSource();
        var routes = new Routes();
        var sequences = new SequenceFactory(rig.Pool, routes, new PointOverrides(rig.Pool, routes, profiles: null!, ready.Task, new ExitPolicyCatalog()), rig.Loop, new ServingOptions(), TimeProvider.System);

        // Its ids are those of the first model, and the active point when it is settled is another of the same tokenizer.
        var opening = sequences.CreateAsync(GenerationRequest.FromTokens([1, 4098]) with { MaxTokens = 2, FullDepth = true }, CancellationToken.None).AsTask();
        routes.Publish(new Route(new OperatingPoint(lease.Target), lease, ExitPolicyParser.Parse("none")));
        ready.SetResult();
        (await opening.Invoking(task => task).Should().ThrowAsync<ArgumentException>()).WithMessage("*4098*0 to 4095*");
        rig.Model(served).Leases.Should().Be(1);
    }

    private static TempFolder WithTokenizer(int vocabulary)
    {
        var folder = new CheckpointWriter(CheckpointWriter.Tiny with { VocabularySize = vocabulary }).Write();
        File.Copy(Path.Combine(TestData.Model("tiny-s"), "tokenizer.json"), folder["tokenizer.json"]);
        return folder;
    }

    [Fact]
    public async Task One_request_too_many_is_turned_away_and_a_place_that_comes_free_is_taken()
    {
        var scheduler = new GatedScheduler(0);
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder
            .UseStrategy<IScheduler>(() => scheduler)
            .Configure(options =>
            {
                options.Serving.MaxBatchSize = 1;
                options.Serving.MaxQueueLength = 2;
            }));
        var request = GenerationRequest.FromText("Tom") with { MaxTokens = 2 };
        using var cancellation = new CancellationTokenSource();
        var cancelled = engine.AskAsync(request, cancellation.Token);

        // Once a plan has left it waiting, the room in the batch counts no more.
        var queue = engine.Engine.Parts.Serving.Loop.Queue;
        SpinWait.SpinUntil(() => queue.TryTake(2) is not { } two || !two.All(place => Left(place)), TestEngine.Patience).Should().BeTrue();
        var accepted = new List<Task<GenerationResult>> { engine.AskAsync(request) };
        var ask = async () => await engine.AskAsync(request);
        (await ask.Should().ThrowAsync<ServerBusyException>()).WithMessage("2 requests wait to be started already; Serving.MaxQueueLength is 2.");

        await cancellation.CancelAsync();
        await cancelled.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        accepted.Add(engine.AskAsync(request));
        await ask.Should().ThrowAsync<ServerBusyException>();

        scheduler.Open();
        engine.Engine.Parts.Serving.Loop.Wake();
        (await Task.WhenAll(accepted)).Should().HaveCount(2).And.OnlyContain(answer => answer.TokenIds.Count == 2);
        (await ask()).TokenIds.Should().HaveCount(2);

        static bool Left(QueuePlace place)
        {
            place.Leave();
            return true;
        }
    }

    [Fact]
    public async Task Answers_that_nobody_reads_hold_no_place()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options =>
        {
            options.Serving.MaxBatchSize = 1;
            options.Serving.MaxQueueLength = 1;
        }));
        var request = GenerationRequest.FromText("Tom") with { MaxTokens = 4 };
        var unread = new List<IAsyncEnumerator<GenerationUpdate>>();
        for (var i = 0; i < 3; i++)
        {
            unread.Add(engine.Engine.StreamAsync(request).GetAsyncEnumerator());
            (await unread[i].MoveNextAsync()).Should().BeTrue();
        }

        (await engine.AskAsync(request)).TokenIds.Should().HaveCount(4);
        foreach (var stream in unread) await stream.DisposeAsync();
        engine.Engine.Parts.Serving.Loop.Queue.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task Time_is_up_while_the_model_that_a_request_names_is_loaded()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("tiny-m")));
        var answer = await engine.AskAsync(GenerationRequest.FromText("Tom") with { Model = "tiny-m", TimeLimit = TimeSpan.FromTicks(1) });
        answer.FinishReason.Should().Be(FinishReason.TimeLimit);
        answer.TokenIds.Should().BeEmpty();
        answer.Point.Should().BeNull();
    }

    [Fact]
    public async Task A_queue_may_be_as_long_as_can_be_said()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options => options.Serving.MaxQueueLength = int.MaxValue));
        (await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 })).TokenIds.Should().HaveCount(2);
    }

    [Fact]
    public async Task Who_waits_too_long_is_reported_that_the_server_is_busy()
    {
        var scheduler = new GatedScheduler(0);
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder
            .UseStrategy<IScheduler>(() => scheduler)
            .Configure(options => options.Serving.MaxQueueTime = TimeSpan.FromMilliseconds(20)));
        var ask = async () => await engine.AskAsync(GenerationRequest.FromText("Tom"));
        (await ask.Should().ThrowAsync<ServerBusyException>()).WithMessage("*MaxQueueTime*");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task When_its_time_is_up_a_request_ends_with_what_it_has()
    {
        var scheduler = new GatedScheduler(3);
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.UseStrategy<IScheduler>(() => scheduler));
        var answer = await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 50, IgnoreEndOfSequence = true, TimeLimit = TimeSpan.FromSeconds(2) });
        answer.FinishReason.Should().Be(FinishReason.TimeLimit);
        answer.TokenIds.Count.Should().BeLessThanOrEqualTo(3);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task An_order_of_the_applications_own_is_found_by_name_and_made_for_each_priority()
    {
        var made = 0;
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder
            .UseStrategy<IRequestOrder>(() =>
            {
                made++;
                return new LatestFirst();
            })
            .Configure(options => options.Serving.Order = "latest-first"));
        (await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 })).TokenIds.Should().HaveCount(2);
        made.Should().BeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task Ids_without_a_model_are_refused_where_tokenizers_differ()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("stories260K")));
        var ask = async () => await engine.AskAsync(GenerationRequest.FromTokens([1, 2]));
        (await ask.Should().ThrowAsync<ArgumentException>()).WithMessage("TokenIds is given without a Model; expected one*");
        var request = GenerationRequest.FromText("a") with { MaxTokens = 2 };
        var biased = async () => await engine.AskAsync(request with { Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { [1] = 1 } } });
        (await biased.Should().ThrowAsync<ArgumentException>()).WithMessage("LogitBias is given without a Model; expected one*");
        var stopping = async () => await engine.AskAsync(request with { StopTokenIds = [1] });
        (await stopping.Should().ThrowAsync<ArgumentException>()).WithMessage("StopTokenIds is given without a Model; expected one*");
        (await engine.AskAsync(request with { StopTokenIds = [500], Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { [500] = 100 } }, Model = "stories260K" })).TokenIds.Should().Equal(500);
        (await engine.AskAsync(GenerationRequest.FromTokens([1, 403]) with { Model = "stories260K", MaxTokens = 2 })).Point!.Target.Model.Should().Be("stories260K");
    }

    [Fact]
    public async Task When_no_model_can_be_loaded_everybody_learns_it()
    {
        await using var engine = TestEngine.Build(
            builder => builder.AddModel(TestData.Model("tiny-m")).ServeFixed(),
            inner => new FaultyBackend(inner) { Before = (_, _, _) => throw new IOException("The disk is gone.") });
        engine.MayFail = true;
        var early = engine.AskAsync(GenerationRequest.FromText("Tom"));
        (await engine.Engine.Ready.Invoking(task => task).Should().ThrowAsync<HeliosException>()).WithMessage("*The disk is gone.*");
        await early.Invoking(task => task).Should().ThrowAsync<HeliosException>();
        var late = async () => await engine.AskAsync(GenerationRequest.FromText("Tom"));
        await late.Should().ThrowAsync<HeliosException>();
    }
}
