using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Tests.Adaptation.Loading;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>What a request is answered does not depend on who shares its batch, nor on what happens to its KV.</summary>
public class BatchTests
{
    private const int Tokens = 32;

    [Theory]
    [InlineData("tiny-m", null, "none")]
    [InlineData("tiny-m", 6, "none")]
    [InlineData("tiny-m", null, "confidence:0.8")]
    [InlineData("tiny-s", 5, "top1:0.4")]
    public async Task A_batch_gives_each_row_what_it_gives_alone_with_and_without_preemptions(string model, int? depth, string policy)
    {
        var alone = await AnswerAsync(model, depth, policy, together: false);
        alone.Select(answer => answer.TokenIds.Count).Should().OnlyContain(length => length == Tokens);
        if (policy != "none") alone.SelectMany(answer => answer.ExitDepths).Distinct().Should().HaveCountGreaterThan(1);

        var together = await AnswerAsync(model, depth, policy, together: true);
        MustBeEqual(together, alone);

        var scheduler = new ForcedPreemption();
        var preempted = await AnswerAsync(model, depth, policy, together: true, builder => builder.UseStrategy<IScheduler>(() => scheduler));
        scheduler.Count.Should().BeGreaterThanOrEqualTo(Tokens - 1, "a running sequence was preempted in every step");
        MustBeEqual(preempted, alone);
    }

    [Fact]
    public async Task With_hardly_any_memory_for_KV_the_answers_stay_the_same()
    {
        var alone = await AnswerAsync("tiny-s", null, "confidence:0.8", together: false);
        await using var engine = await TestEngine.ServeAsync("tiny-s", null, "confidence:0.8", TightMemory);
        var answers = await engine.AskAllAsync(Requests());

        MustBeEqual(answers, alone);
        engine.Engine.Parts.Device.Budget.Free.Should().BeLessThan(engine.Engine.Parts.Device.Kv.SlabBytes, "memory was short");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task The_same_seed_draws_the_same_tokens_whatever_shares_the_batch()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 30, Sampling = new() { Temperature = 0.9f, TopP = 0.95f, Seed = 7 }, IgnoreEndOfSequence = true };
        var alone = await engine.AskAsync(request);
        var crowd = Prompts.All.Select(prompt => engine.AskAsync(request.WithText(prompt) with { Sampling = request.Sampling with { Seed = 8 } })).ToList();
        var shared = await engine.AskAsync(request);
        var others = await Task.WhenAll(crowd);

        shared.TokenIds.Should().Equal(alone.TokenIds);
        others[0].TokenIds.Should().NotEqual(alone.TokenIds, "it is the same prompt with another seed");
    }

    [Fact]
    public async Task Temperature_and_cuts_narrow_or_widen_the_choice()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var greedy = GenerationRequest.FromText(Prompts.All[1]) with { MaxTokens = 20, IgnoreEndOfSequence = true };
        var best = await engine.AskAsync(greedy);

        (await engine.AskAsync(greedy with { Sampling = greedy.Sampling with { Temperature = 1, TopK = 1, Seed = 3 } })).TokenIds.Should().Equal(best.TokenIds, "one token is kept");
        (await engine.AskAsync(greedy with { Sampling = greedy.Sampling with { Temperature = 1, TopP = 1e-6f, Seed = 3 } })).TokenIds.Should().Equal(best.TokenIds, "the likeliest alone is enough");
        (await engine.AskAsync(greedy with { Sampling = greedy.Sampling with { Temperature = 1e-4f, Seed = 3 } })).TokenIds.Should().Equal(best.TokenIds, "it is as good as frozen");
        var hot = await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => engine.AskAsync(greedy with { Sampling = greedy.Sampling with { Temperature = 5, Seed = seed } })));
        hot.Select(answer => string.Join(',', answer.TokenIds)).Distinct(StringComparer.Ordinal).Should().HaveCount(4);
    }

    [Fact]
    public async Task A_request_without_a_seed_draws_one()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 30, Sampling = new() { Temperature = 3 }, IgnoreEndOfSequence = true };
        var first = await engine.AskAsync(request);
        var second = await engine.AskAsync(request);
        second.TokenIds.Should().NotEqual(first.TokenIds);
    }

    private static void TightMemory(IHeliosBuilder builder) => builder.Configure(options =>
    {
        options.Serving.MaxRowsPerStep = 64;
        options.Serving.MaxBatchSize = 16;
        options.Serving.MaxDecodeStretch = double.PositiveInfinity;
        options.Serving.KvSlabBytes = 1;
        using var pool = Adaptation.Loading.PoolRig.Create(["tiny-s"], maxRows: 64);
        var entry = pool.Pool.Find("tiny-s");
        options.MemoryBudgetBytes = entry.Size.ToDepth(6) + entry.WorkspaceBytes + 24 * pool.Kv.BlockBytes(new KvShape(6, 5, 32));
    });

    private static async Task<GenerationResult[]> AnswerAsync(string model, int? depth, string policy, bool together, Action<IHeliosBuilder>? more = null)
    {
        await using var engine = await TestEngine.ServeAsync(model, depth, policy, more);
        var answers = await engine.AskAllAsync(Requests(), together);
        engine.MustBeIdle();
        return answers;
    }

    private static IEnumerable<GenerationRequest> Requests() => Prompts.All.Select((_, i) => Request(i));

    private static GenerationRequest Request(int i) => GenerationRequest.FromText(Prompts.All[i]) with
    {
        MaxTokens = Tokens,
        IgnoreEndOfSequence = true,
        Sampling = new() { Temperature = i % 3 == 2 ? 0.8f : 0, Seed = i },
    };

    private static void MustBeEqual(GenerationResult[] found, GenerationResult[] expected)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            found[i].TokenIds.Should().Equal(expected[i].TokenIds, $"prompt {i} is answered alike");
            found[i].ExitDepths.Should().Equal(expected[i].ExitDepths);
            found[i].Text.Should().Be(expected[i].Text);
        }
    }
}
