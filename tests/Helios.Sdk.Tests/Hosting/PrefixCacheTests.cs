using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>The prefix cache over the CPU backend: an answer over cached KV is, bit for bit, the one computed from nothing.</summary>
public class PrefixCacheTests
{
    private const string Story =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big dog. "
        + "The dog was very friendly and wanted to play with her. Lily was happy and threw the ball, and the dog ran after it.";

    [Theory]
    [InlineData("none", 16)]
    [InlineData("confidence:0.8", 16)]
    [InlineData("top1:0.4", 32)]
    public async Task Answers_over_cached_KV_are_those_computed_from_nothing(string policy, int blockTokens)
    {
        var cold = await AnswerAsync(policy, options =>
        {
            options.PrefixCache = false;
            options.KvBlockTokens = blockTokens;
        });
        cold.Should().OnlyContain(answer => answer.CachedPromptTokens == 0);
        if (policy != "none") cold.SelectMany(answer => answer.ExitDepths).Distinct().Should().HaveCountGreaterThan(1);

        var warm = await AnswerAsync(policy, options => options.KvBlockTokens = blockTokens);
        warm.Count(answer => answer.CachedPromptTokens >= blockTokens).Should().BeGreaterThanOrEqualTo(8);
        MustBeEqual(warm, cold);

        var scheduler = new ForcedPreemption();
        var preempted = await AnswerAsync(policy, options => options.KvBlockTokens = blockTokens, builder => builder.UseStrategy<IScheduler>(() => scheduler));
        scheduler.Count.Should().BeGreaterThan(24);
        MustBeEqual(preempted, cold);
    }

    [Fact]
    public async Task Tenants_find_their_own_and_the_snapshot_tells_how_much()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options =>
        {
            foreach (var name in (string[])["red1", "red2"]) options.Serving.Tenants[name] = new TenantOptions { CacheGroup = "red" };
        }));
        var request = GenerationRequest.FromText(Story) with { MaxTokens = 4 };
        var cold = await engine.AskAsync(request with { Tenant = "anna" });
        var cached = cold.PromptIds.Count / 16 * 16;
        cached.Should().BeGreaterThan(16).And.BeLessThan(cold.PromptIds.Count);

        foreach (var (tenant, expected) in ((string?, int)[])[("anna", cached), ("ben", 0), (null, 0), ("red1", 0), ("red2", cached), ("red", 0)])
            (await engine.AskAsync(request with { Tenant = tenant })).CachedPromptTokens.Should().Be(expected, $"{tenant} asks");

        var snapshot = engine.Snapshot;
        snapshot.PromptTokens.Should().Be(7L * cold.PromptIds.Count);
        snapshot.PrefixHitTokens.Should().Be(2L * cached);
        snapshot.KvCachedBytes.Should().BePositive().And.BeLessThanOrEqualTo(snapshot.KvSlabBytes);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task With_a_load_goes_its_cached_KV()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("stories260K")));
        await engine.AskAsync(GenerationRequest.FromText(Story) with { MaxTokens = 4 });
        engine.Snapshot.KvCachedBytes.Should().BePositive();

        await engine.PublishAsync("stories260K", 5);
        await engine.SettleAsync();
        engine.Snapshot.KvCachedBytes.Should().Be(0);

        await engine.PublishAsync("tiny-s", 6);
        (await engine.AskAsync(GenerationRequest.FromText(Story) with { MaxTokens = 4 })).CachedPromptTokens.Should().Be(0);
    }

    [Fact]
    public async Task A_shallower_point_of_the_same_load_leaves_the_deeper_ones_KV_alone()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromText(Story) with { MaxTokens = 8 };
        var cold = await engine.AskAsync(request);
        await engine.PublishAsync("tiny-s", 4);
        (await engine.AskAsync(request)).CachedPromptTokens.Should().Be(0);
        await engine.PublishAsync("tiny-s", 6);

        var warm = await engine.AskAsync(request);
        warm.CachedPromptTokens.Should().BePositive();
        warm.TokenIds.Should().Equal(cold.TokenIds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_answers_are_those_of_several_requests(bool cache)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", policy: "confidence:0.8", more: builder => builder.Configure(options => options.Serving.PrefixCache = cache));
        var request = GenerationRequest.FromText(Story) with { MaxTokens = 60, Sampling = new() { Temperature = 0.9f, Seed = 5 }, IgnoreEndOfSequence = true };
        var samples = await engine.Engine.GenerateAsync(request, 4).WaitAsync(TestEngine.Patience);

        samples.Should().HaveCount(4);
        for (var i = 0; i < 4; i++)
        {
            var alone = await engine.AskAsync(request with { Sampling = request.Sampling with { Seed = CounterRandom.SampleSeed(5, i) } });
            samples[i].TokenIds.Should().Equal(alone.TokenIds);
            samples[i].ExitDepths.Should().Equal(alone.ExitDepths);
        }

        samples[0].TokenIds.Should().Equal((await engine.AskAsync(request)).TokenIds, "the first is the request's own");
        samples.Select(sample => sample.Text).Distinct(StringComparer.Ordinal).Should().HaveCount(4);
        if (cache) samples.Skip(1).Should().OnlyContain(sample => sample.CachedPromptTokens >= sample.PromptIds.Count / 16 * 16 - 1);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task More_answers_than_there_are_places_are_refused_at_once()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromText("Tom") with { MaxTokens = 2 };
        var tooMany = () => engine.Engine.GenerateAsync(request, int.MaxValue);
        (await tooMany.Should().ThrowAsync<ArgumentOutOfRangeException>()).WithParameterName("samples");
    }

    [Fact]
    public async Task Several_answers_take_as_many_places_and_give_them_back()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options =>
        {
            options.Serving.MaxBatchSize = 2;
            options.Serving.MaxQueueLength = 1;
        }));
        var request = GenerationRequest.FromText("Tom") with { MaxTokens = 2 };
        for (var i = 0; i < 3; i++)
        {
            var tooMany = () => engine.Engine.GenerateAsync(request, 4);
            await tooMany.Should().ThrowAsync<ArgumentOutOfRangeException>();
            (await engine.Engine.GenerateAsync(request, 3).WaitAsync(TestEngine.Patience)).Should().HaveCount(3);
        }

        var none = () => engine.Engine.GenerateAsync(request, 0);
        await none.Should().ThrowAsync<ArgumentOutOfRangeException>();
        using var cancelled = new CancellationTokenSource();
        var cut = engine.Engine.GenerateAsync(request with { MaxTokens = 250, IgnoreEndOfSequence = true }, 3, cancelled.Token);
        await cancelled.CancelAsync();
        await cut.Invoking(task => task.WaitAsync(TestEngine.Patience)).Should().ThrowAsync<OperationCanceledException>();

        // The room of the batch is known again when the next step was planned.
        SpinWait.SpinUntil(() => TakesAndLeaves(engine.Engine.Parts.Serving.Loop.Queue, 3), TestEngine.Patience).Should().BeTrue();
        (await engine.Engine.GenerateAsync(request, 3).WaitAsync(TestEngine.Patience)).Should().HaveCount(3);
    }

    private static bool TakesAndLeaves(QueuePlaces queue, int count)
    {
        if (queue.TryTake(count) is not { } places) return false;
        foreach (var place in places) place.Leave();
        return true;
    }

    private static async Task<List<GenerationResult>> AnswerAsync(string policy, Action<ServingOptions> serving, Action<IHeliosBuilder>? more = null)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", null, policy, builder =>
        {
            builder.Configure(options => serving(options.Serving));
            more?.Invoke(builder);
        });
        var answers = new List<GenerationResult>();
        GenerationRequest Request(string prompt) => GenerationRequest.FromText(prompt) with { MaxTokens = 24, IgnoreEndOfSequence = true, Sampling = new() { Seed = 3, Temperature = answers.Count % 2 } };
        foreach (var end in (string[])["", " They", " They played together until the sun went down", "", " The cat"]) answers.Add(await engine.AskAsync(Request(Story + end)));
        answers.Add(await engine.AskAsync(Request(Story + answers[0].Text)));
        answers.AddRange(await Task.WhenAll(Prompts.All.Take(6).Select(prompt => engine.AskAsync(Request(Story + " " + prompt)))));
        engine.MustBeIdle();
        return answers;
    }

    private static void MustBeEqual(List<GenerationResult> found, List<GenerationResult> expected)
    {
        found.Should().HaveSameCount(expected);
        for (var i = 0; i < expected.Count; i++)
        {
            found[i].TokenIds.Should().Equal(expected[i].TokenIds, $"request {i} is answered alike");
            found[i].ExitDepths.Should().Equal(expected[i].ExitDepths);
        }
    }
}
