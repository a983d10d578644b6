using Helios.Sdk.Lab;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>One engine end to end: answers, streams, and what a request may insist on.</summary>
public class HeliosEngineTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("confidence:0.8")]
    public async Task Streamed_pieces_are_the_whole_answer(string policy)
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", policy: policy);
        for (var i = 0; i < Prompts.All.Length; i += 3)
        {
            var request = GenerationRequest.FromText(Prompts.All[i]) with { MaxTokens = 40, Sampling = new() { Temperature = 1.2f, Seed = i } };
            var whole = await engine.AskAsync(request);
            var pieces = await StreamAsync(engine, request);

            pieces.Select(piece => piece.TokenId!.Value).Should().Equal(whole.TokenIds);
            pieces.Select(piece => piece.ExitDepth).Should().Equal(whole.ExitDepths);
            string.Concat(pieces.Select(piece => piece.Text)).Should().Be(whole.Text);
            pieces.SkipLast(1).Should().OnlyContain(piece => piece.FinishReason == null);
            pieces[^1].FinishReason.Should().Be(whole.FinishReason);
            whole.PromptIds.Should().Equal(engine.Engine.TokenizerOf("tiny-s").Encode(request.Prompt!));
            var text = whole.FinishReason == FinishReason.Stop ? whole.TokenIds.SkipLast(1) : whole.TokenIds;
            whole.Text.Should().Be(engine.Engine.TokenizerOf("tiny-s").Decode(text));
        }
    }

    [Fact]
    public async Task An_engine_that_is_stopped_before_a_model_serves_logs_no_error_and_says_so()
    {
        for (var i = 0; i < 10; i++)
        {
            Task ready;
            await using (var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed())) ready = engine.Engine.Ready;
            try
            {
                await ready.WaitAsync(TestEngine.Patience);
            }
            catch (HeliosException error)
            {
                error.Message.Should().Be("The engine stopped before a model served.");
            }
        }
    }

    [Fact]
    public async Task An_answer_ends_before_a_stop_string_that_spans_tokens()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 40, IgnoreEndOfSequence = true };
        var free = await engine.AskAsync(request);
        for (var start = 8; start < 40; start += 5)
        {
            var stop = free.Text.Substring(start, 7);
            var stopped = await engine.AskAsync(request with { Stop = [stop, "no such text"] });
            var pieces = await StreamAsync(engine, request with { Stop = [stop] });

            stopped.Text.Should().Be(free.Text[..free.Text.IndexOf(stop, StringComparison.Ordinal)]);
            stopped.FinishReason.Should().Be(FinishReason.Stop);
            stopped.TokenIds.Should().Equal(free.TokenIds.Take(stopped.TokenIds.Count));
            string.Concat(pieces.Select(piece => piece.Text)).Should().Be(stopped.Text, "no piece shows part of a stop string");
        }
    }

    [Fact]
    public async Task The_answer_says_what_served_it_and_how_long_it_took()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", 4, "confidence:0.8");
        var answer = await engine.AskAsync(GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 10 });
        answer.Point.Should().Be(new OperatingPoint(new LoadTarget("tiny-s", 4), "confidence:0.8"));
        answer.TimeToFirstToken.Should().BePositive();
        answer.TimePerOutputToken.Should().BePositive();
        answer.ExitDepths.Should().OnlyContain(depth => depth >= 2 && depth <= 4);
        engine.Snapshot.CompletedRequests.Should().Be(1);
        engine.Snapshot.Serving.Should().Be(answer.Point);
    }

    [Fact]
    public async Task A_request_may_insist_on_full_depth_a_model_or_a_quality()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", 3, more: builder => builder.AddModel(TestData.Model("tiny-m")));
        var request = GenerationRequest.FromText(Prompts.All[0]) with { MaxTokens = 6, IgnoreEndOfSequence = true };
        var serving = engine.Engine.Parts.Device.Budget.Used;

        (await engine.AskAsync(request)).Point.Should().Be(new OperatingPoint(new LoadTarget("tiny-s", 3)));
        var full = await engine.AskAsync(request with { FullDepth = true });
        full.Point!.Target.Should().Be(new LoadTarget("tiny-s", 6));
        full.ExitDepths.Should().OnlyContain(depth => depth == 6);
        (await engine.AskAsync(request with { Model = "tiny-m" })).Point!.Target.Should().Be(new LoadTarget("tiny-m", 12));
        (await engine.AskAsync(request with { Model = "tiny-s" })).Point!.Target.Should().Be(new LoadTarget("tiny-s", 3), "it serves already");
        (await engine.AskAsync(request with { Model = "tiny-m", FullDepth = true })).ExitDepths.Should().OnlyContain(depth => depth == 12);
        (await engine.AskAsync(request with { MaxQualityGap = 0.05 })).Point!.Target.Depth.Should().Be(6, "nothing is profiled yet");

        engine.Engine.Pool.Snapshot.Models.Select(model => (model.Info.Name, model.LoadedLayers, model.Leases)).Should().Equal(("tiny-s", 3, 1), ("tiny-m", 0, 0));
        (engine.Engine.Parts.Device.Budget.Used - engine.Snapshot.KvSlabBytes).Should().BeLessThanOrEqualTo(serving, "what was loaded for one request goes with it");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task What_a_request_insists_on_may_not_fit()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.AddModel(TestData.Model("tiny-m")).UseMemoryBudget(12 << 20));
        var ask = async () => await engine.AskAsync(GenerationRequest.FromText("Tom") with { Model = "tiny-m" });
        (await ask.Should().ThrowAsync<HeliosException>()).WithMessage("*tiny-m@12*memory budget*");
        (await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 3 })).TokenIds.Should().HaveCount(3);
    }

    [Fact]
    public async Task Running_sequences_finish_at_their_own_depth_when_another_is_published()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-m");
        var request = GenerationRequest.FromText(Prompts.All[4]) with { MaxTokens = 60, IgnoreEndOfSequence = true };
        var alone = await engine.AskAsync(request);
        var pieces = new List<GenerationUpdate>();
        await foreach (var piece in engine.Engine.StreamAsync(request))
        {
            pieces.Add(piece);
            if (pieces.Count == 5) await engine.PublishAsync("tiny-m", 3);
            if (pieces.Count == 10) (await engine.AskAsync(request with { MaxTokens = 4 })).ExitDepths.Should().OnlyContain(depth => depth == 3);
        }

        pieces.Select(piece => piece.TokenId!.Value).Should().Equal(alone.TokenIds);
        pieces.Should().OnlyContain(piece => piece.ExitDepth == 12);
        engine.Engine.Pool.Snapshot.Models.Single().LoadedLayers.Should().Be(3, "the last deep lease went with the sequence");
        engine.MustBeIdle();
    }

    [Fact]
    public async Task Leaving_a_stream_cancels_its_request()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        await foreach (var piece in engine.Engine.StreamAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 200, IgnoreEndOfSequence = true }))
        {
            piece.FinishReason.Should().BeNull();
            break;
        }

        await engine.SettleAsync();
        engine.MustBeIdle();
        engine.Snapshot.CompletedRequests.Should().Be(0);
    }

    [Fact]
    public async Task A_cancelled_request_ends_as_cancelled_with_its_own_token()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        using var cancellation = new CancellationTokenSource();
        var seen = 0;
        var stream = async () =>
        {
            await foreach (var _ in engine.Engine.StreamAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 240, IgnoreEndOfSequence = true }, cancellation.Token))
            {
                if (++seen == 3) await cancellation.CancelAsync();
            }
        };
        (await stream.Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        seen.Should().BeLessThan(240);
        var early = async () => await engine.AskAsync(GenerationRequest.FromText("Tom"), cancellation.Token);
        await early.Should().ThrowAsync<OperationCanceledException>();
        engine.MustBeIdle();
    }

    [Fact]
    public async Task Scores_equal_the_published_value()
    {
        await using var engine = await TestEngine.ServeAsync("stories260K", 2);
        var ids = engine.Engine.TokenizerOf("stories260K").Encode("One day, a clever fox found a shiny key under the old oak tree.");
        ids.Should().HaveCount(35);
        var score = await engine.Engine.Lab.ScoreAsync("stories260K", ids).WaitAsync(TestEngine.Patience);

        score.Depths.Select(depth => depth.Depth).Should().Equal(1, 2, 3, 4, 5);
        double[] expected = [476.53, 228.64, 136.76, 87.40, 54.404152];
        for (var i = 0; i < 5; i++) score.Depths[i].NegativeLogLikelihood.Should().BeApproximately(expected[i], 0.006);
        engine.Engine.Pool.Snapshot.Models.Single().LoadedLayers.Should().Be(2);
        engine.MustBeIdle();
    }

    private static async Task<List<GenerationUpdate>> StreamAsync(TestEngine engine, GenerationRequest request)
    {
        var pieces = new List<GenerationUpdate>();
        await foreach (var piece in engine.Engine.StreamAsync(request)) pieces.Add(piece);
        return pieces;
    }
}
