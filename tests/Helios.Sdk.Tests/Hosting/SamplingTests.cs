using Helios.Sdk.Lab;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving.Decoding;
using Helios.Sdk.Tests.Serving.Decoding;
using Helios.Sdk.Tests.Serving.Scheduling;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Penalties, bias, processors, cuts, stop ids and log probabilities on a real model.</summary>
public class SamplingTests
{
    private static readonly GenerationRequest Request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 40, IgnoreEndOfSequence = true, Sampling = new() { Seed = 11 } };

    public static TheoryData<GenerationRequest> Requests => new()
    {
        Request with { Sampling = Request.Sampling with { RepetitionPenalty = 1.3f } },
        Request with { Sampling = Request.Sampling with { PresencePenalty = 0.7f, FrequencyPenalty = 0.4f } },
        Request with { Sampling = Request.Sampling with { RepetitionPenalty = 0.8f, LogitBias = new Dictionary<int, float> { [46] = float.NegativeInfinity, [408] = 2 } } },
        Request with { Sampling = Request.Sampling with { Temperature = 1, MinP = 0.05f } },
        Request with { Sampling = Request.Sampling with { Temperature = 1.5f, TopK = 50, TopP = 0.9f, MinP = 0.02f, RepetitionPenalty = 1.2f, PresencePenalty = 0.3f, FrequencyPenalty = 0.3f } },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Tokens_are_those_of_a_reference_over_the_models_own_logits(GenerationRequest request)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var answer = await engine.AskAsync(request);
        var (prompt, tokens) = (answer.PromptIds.Count, (int[])[.. answer.PromptIds, .. answer.TokenIds]);

        // The same tokens, forced, show what the model says before each of them.
        var forcing = new Forcing(tokens);
        (await engine.AskAsync(Request with { Sampling = Request.Sampling with { LogitsProcessors = [forcing] } })).TokenIds.Should().Equal(answer.TokenIds);
        forcing.Seen.Should().HaveCount(request.MaxTokens!.Value);
        for (var i = 0; i < request.MaxTokens; i++)
        {
            var logits = forcing.Seen[i];
            ReferenceEdit.Apply(request, tokens[..(prompt + i)], prompt, logits);
            Draw(logits, request, prompt + i - 1).Should().Be(tokens[prompt + i]);
        }
    }

    [Fact]
    public async Task A_frequency_penalty_ends_a_loop()
    {
        await using var engine = await TestEngine.ServeAsync("stories260K", 1);
        var request = Request.WithTokens([1, 403, 407, 261, 378]);
        (await engine.AskAsync(request)).TokenIds.Should().OnlyContain(id => id == 378);
        (await engine.AskAsync(request with { Sampling = request.Sampling with { FrequencyPenalty = 2 } })).TokenIds.Distinct().Should().HaveCountGreaterThan(5);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("confidence:0.8")]
    public async Task The_same_seed_draws_the_same_tokens_alone_together_and_preempted(string policy)
    {
        var alone = new List<GenerationResult>();
        await using (var engine = await TestEngine.ServeAsync("tiny-m", policy: policy))
        {
            for (var i = 0; i < 8; i++) alone.Add(await engine.AskAsync(Varied(i)));
            MustBeEqual(await Task.WhenAll(Enumerable.Range(0, 8).Select(i => engine.AskAsync(Varied(i)))), alone);
        }

        alone.Select(answer => string.Join(' ', answer.TokenIds)).Distinct(StringComparer.Ordinal).Should().HaveCount(8);
        if (policy != "none") alone.SelectMany(answer => answer.ExitDepths).Distinct().Should().HaveCountGreaterThan(1);
        var scheduler = new ForcedPreemption();
        await using var preempting = await TestEngine.ServeAsync("tiny-m", policy: policy, more: builder => builder.UseStrategy<IScheduler>(() => scheduler));
        MustBeEqual(await Task.WhenAll(Enumerable.Range(0, 8).Select(i => preempting.AskAsync(Varied(i)))), alone);
        scheduler.Count.Should().BeGreaterThan(20);
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_teacher_forced_scoring_whatever_is_done_to_the_logits()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var answer = await engine.AskAsync(Request with { LogProbabilities = 5, Sampling = Request.Sampling with { Temperature = 1.3f, TopK = 40, RepetitionPenalty = 1.5f, FrequencyPenalty = 1 } });
        int[] tokens = [.. answer.PromptIds, .. answer.TokenIds];
        var score = (await engine.Engine.Lab.ScoreAsync("tiny-s", tokens)).Depths[^1];

        answer.LogProbabilities.Should().HaveCount(Request.MaxTokens!.Value);
        for (var i = 0; i < Request.MaxTokens; i++)
        {
            var (place, known) = (answer.PromptIds.Count + i, answer.LogProbabilities[i]);
            known.LogProbability.Should().BeApproximately(score.LogProbabilities[place - 1], 1e-4f);
            known.Likeliest.Should().HaveCount(5).And.BeInDescendingOrder(token => token.LogProbability).And.OnlyHaveUniqueItems(token => token.TokenId);
            known.Likeliest[0].TokenId.Should().Be(score.TopIds[place - 1]);
            known.Likeliest.FirstOrDefault(token => token.TokenId == tokens[place], new(tokens[place], known.LogProbability)).LogProbability.Should().Be(known.LogProbability);
        }
    }

    [Fact]
    public async Task A_stream_brings_log_probabilities_token_by_token_and_only_when_asked()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var whole = await engine.AskAsync(Request with { LogProbabilities = 0 });
        var streamed = new List<TokenLogProbabilities?>();
        await foreach (var piece in engine.Engine.StreamAsync(Request with { LogProbabilities = 0 })) streamed.Add(piece.LogProbabilities);

        streamed.Select(known => known!.LogProbability).Should().Equal(whole.LogProbabilities.Select(known => known.LogProbability));
        whole.LogProbabilities.Should().OnlyContain(known => known.Likeliest.IsEmpty);
        (await engine.AskAsync(Request)).LogProbabilities.Should().BeEmpty();
        await foreach (var piece in engine.Engine.StreamAsync(Request)) piece.LogProbabilities.Should().BeNull();
    }

    [Fact]
    public async Task A_stop_id_ends_the_answer_and_is_no_part_of_its_text()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var free = await engine.AskAsync(Request);
        var stop = free.TokenIds[9];
        var stopped = await engine.AskAsync(Request with { StopTokenIds = [4000, stop] });

        stopped.FinishReason.Should().Be(FinishReason.Stop);
        stopped.TokenIds.Should().Equal(free.TokenIds.Take(free.TokenIds.ToList().IndexOf(stop) + 1));
        stopped.Text.Should().Be(engine.Engine.TokenizerOf("tiny-s").Decode([.. stopped.TokenIds.SkipLast(1)]));
    }

    [Fact]
    public async Task A_processor_sees_prompt_and_answer_and_decides_at_temperature_0()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", policy: "confidence:0.8");
        var plain = await engine.AskAsync(Request);
        var forbidden = plain.TokenIds[plain.ExitDepths.ToList().IndexOf(plain.ExitDepths.Min())];
        var recorder = new Forbidding(forbidden);
        var answer = await engine.AskAsync(Request with { Sampling = Request.Sampling with { LogitsProcessors = [recorder] } });

        answer.TokenIds.Should().NotContain(forbidden);
        answer.ExitDepths.Min().Should().BeLessThan(6, "its tokens leave early too");
        recorder.LastTokens.Should().Equal([.. answer.PromptIds, .. answer.TokenIds.SkipLast(1)]);
    }

    [Theory]
    [InlineData(null, "The logits processor Failing failed: *Enough.*")]
    [InlineData(float.NaN, "Failing made the logit of token 0 NaN*")]
    [InlineData(float.NegativeInfinity, "Failing forbids every token*")]
    public async Task A_processor_that_fails_fails_its_own_request_and_nobody_elses(float? fill, string message)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var alone = await engine.AskAsync(Varied(1));
        var others = Enumerable.Range(0, 4).Select(_ => engine.AskAsync(Varied(1))).ToList();
        var failing = async () => await engine.AskAsync(Request with { Sampling = Request.Sampling with { LogitsProcessors = [new Failing(fill)] } });
        (await failing.Should().ThrowAsync<HeliosException>()).WithMessage(message);

        MustBeEqual(await Task.WhenAll(others), [alone, alone, alone, alone]);
        MustBeEqual([await engine.AskAsync(Varied(1))], [alone]);
        await engine.SettleAsync();
        engine.MustBeIdle();
    }

    private static GenerationRequest Varied(int i) => GenerationRequest.FromText(Prompts.All[i % 4]) with
    {
        MaxTokens = 24,
        Sampling = new() { Seed = i, Temperature = i % 2 == 0 ? 0 : 1.1f, MinP = 0.01f, RepetitionPenalty = 1.1f + 0.1f * i, PresencePenalty = 0.1f * i, FrequencyPenalty = 0.2f, LogitBias = new Dictionary<int, float> { [46] = -i } },
        IgnoreEndOfSequence = true,
        LogProbabilities = i % 3,
    };

    private static void MustBeEqual(IReadOnlyList<GenerationResult> answers, IReadOnlyList<GenerationResult> expected)
    {
        foreach (var (answer, alone) in answers.Zip(expected))
        {
            answer.TokenIds.Should().Equal(alone.TokenIds);
            answer.ExitDepths.Should().Equal(alone.ExitDepths);
            answer.LogProbabilities.Select(known => known.LogProbability).Should().Equal(alone.LogProbabilities.Select(known => known.LogProbability));
            answer.LogProbabilities.SelectMany(known => known.Likeliest).Should().Equal(alone.LogProbabilities.SelectMany(known => known.Likeliest));
        }
    }

    /// <summary>Temperature, top k, top p, min-p and the draw, as their definitions say, in double.</summary>
    private static int Draw(float[] logits, GenerationRequest request, int position)
    {
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).ToList();
        var (temperature, topK, topP) = (request.Sampling.Temperature ?? 0, request.Sampling.TopK ?? 0, request.Sampling.TopP ?? 1);
        if (temperature == 0) return order[0];
        double Weight(int id) => Math.Exp(((double)logits[id] - logits[order[0]]) / temperature);
        if (topK > 0) order = order[..topK];
        var (mass, kept) = (order.Sum(Weight) * topP, 0);
        if (topP < 1)
        {
            for (var sum = 0d; sum < mass;) sum += Weight(order[kept++]);
            order = order[..kept];
        }

        order = [.. order.TakeWhile(id => Weight(id) >= (request.Sampling.MinP ?? 0))];
        var target = CounterRandom.Uniform(request.Sampling.Seed!.Value, position) * order.Sum(Weight);
        var passed = 0d;
        return order.First(id => (passed += Weight(id)) > target);
    }

    /// <summary>Leaves the next of some tokens alone, and keeps what the model said.</summary>
    private sealed class Forcing(int[] answer) : ILogitsProcessor
    {
        public List<float[]> Seen { get; } = [];

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            Seen.Add(logits.ToArray());
            logits.Fill(float.NegativeInfinity);
            logits[answer[tokens.Length]] = 0;
        }
    }

    private sealed class Forbidding(int forbidden) : ILogitsProcessor
    {
        public int[] LastTokens { get; private set; } = [];

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            LastTokens = tokens.ToArray();
            logits[forbidden] = float.NegativeInfinity;
        }
    }

    /// <summary>Throws, or fills the logits, at the fourth token of an answer.</summary>
    private sealed class Failing(float? fill) : ILogitsProcessor
    {
        private int calls;

        public void Process(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            if (++calls < 4) return;
            if (fill is not { } value) throw new InvalidDataException("Enough.");
            logits.Fill(value);
        }
    }
}
