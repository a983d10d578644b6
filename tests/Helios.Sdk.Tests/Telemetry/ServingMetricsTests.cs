using Helios.Sdk.Tests.Hosting;

namespace Helios.Sdk.Tests.Telemetry;

public sealed class ServingMetricsTests
{
    private static readonly GenerationRequest Usual = GenerationRequest.FromText("Once upon a time") with { MaxTokens = 12, IgnoreEndOfSequence = true };

    [Fact]
    public async Task Tokens_counted_are_tokens_streamed()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        var streamed = 0;
        for (var i = 0; i < 3; i++)
        {
            await foreach (var update in engine.Engine.StreamAsync(Usual.WithText(Prompts.All[i]) with { MaxTokens = 10 + i })) streamed += update.TokenId >= 0 ? 1 : 0;
        }

        await engine.SettleAsync();
        streamed.Should().Be(33);
        collected.Of("helios.tokens.generated").Should().OnlyContain(reading => (string)reading["gen_ai.response.model"]! == "tiny-s").And.HaveCount(33);
        collected.Of("helios.exit.depth").Should().HaveCount(33).And.OnlyContain(reading => reading.Value == 4);
        collected.Of("helios.batch.size").Sum(reading => reading.Value).Should().Be(33);
        collected.Of("helios.step.duration").Should().OnlyContain(reading => reading.Value > 0);
    }

    [Fact]
    public async Task A_batch_counts_sequences_whose_token_an_exit_check_had_read()
    {
        using var collected = new Collected();
        await using var engine = await TestEngine.ServeAsync("tiny-m", policy: "top1:0.3", more: builder => ((HeliosBuilder)builder).UseMeters(collected));
        await engine.AskAsync(Usual);
        await engine.SettleAsync();
        collected.Of("helios.exit.depth").Should().Contain(reading => reading.Value < 12, "some leave early");
        collected.Of("helios.batch.size").Sum(reading => reading.Value).Should().Be(12);
        engine.Snapshot.PeakBatch.Should().Be(1);
    }

    [Fact]
    public async Task Every_request_is_measured_once_by_the_conventions_for_servers()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        await engine.AskAsync(Usual);
        await engine.AskAsync(Usual with { Model = "tiny-s", MaxTokens = 1 });
        await engine.SettleAsync();

        var durations = collected.Of("gen_ai.server.request.duration");
        durations.Should().HaveCount(2).And.OnlyContain(reading => reading.Value > 0 && (string)reading["gen_ai.provider.name"]! == "helios"
            && (string)reading["gen_ai.operation.name"]! == "text_completion" && (string)reading["gen_ai.response.model"]! == "tiny-s" && !reading.Tags.ContainsKey("error.type"));
        durations.Select(reading => reading["gen_ai.request.model"]).Should().Equal(new object?[] { null, "tiny-s" });
        collected.Of("gen_ai.server.time_to_first_token").Should().HaveCount(2);
        collected.Of("gen_ai.server.time_per_output_token").Should().ContainSingle("an answer of one token has no time between tokens");
        collected.Of("helios.queue.duration").Should().HaveCount(2).And.OnlyContain(reading => reading.Value >= 0);
        collected.Of("gen_ai.server.time_to_first_token").Zip(durations).Should().OnlyContain(pair => pair.First.Value <= pair.Second.Value);
    }

    [Fact]
    public async Task Tags_name_models_of_the_pool_whatever_is_asked_for()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        await engine.AskAsync(Usual with { Model = "TINY-s", MaxTokens = 1 });
        foreach (var name in new[] { "tiny-x", Guid.NewGuid().ToString() })
        {
            var unknown = () => engine.AskAsync(Usual with { Model = name });
            await unknown.Should().ThrowAsync<ArgumentException>();
        }

        await engine.SettleAsync();
        collected.Of("gen_ai.server.request.duration").Select(reading => reading["gen_ai.request.model"]).Should().BeEquivalentTo(["tiny-s", "_OTHER", "_OTHER"]);
    }

    [Fact]
    public async Task A_request_that_fails_says_how()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        var unknown = () => engine.AskAsync(Usual with { Model = "tiny-x" });
        await unknown.Should().ThrowAsync<ArgumentException>();
        using var cancel = new CancellationTokenSource();
        await using (var stream = engine.Engine.StreamAsync(Usual with { MaxTokens = 150 }, cancel.Token).GetAsyncEnumerator())
        {
            (await stream.MoveNextAsync()).Should().BeTrue();
            await cancel.CancelAsync();
        }

        await engine.SettleAsync();
        collected.Of("gen_ai.server.request.duration").Select(reading => reading["error.type"])
            .Should().Equal("System.ArgumentException", "System.OperationCanceledException");
        collected.Of("gen_ai.server.time_per_output_token").Should().BeEmpty();
    }

    [Fact]
    public async Task A_conversation_is_a_chat()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        var refused = () => engine.AskAsync(GenerationRequest.FromMessages([new ChatTurn("user", "Hello")]));
        await refused.Should().ThrowAsync<ChatTemplateException>();
        collected.Of("gen_ai.server.request.duration").Should().ContainSingle().Which["gen_ai.operation.name"].Should().Be("chat");
    }

    [Fact]
    public async Task What_the_call_itself_refuses_is_counted_by_its_error()
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        var stream = () => engine.Engine.StreamAsync(Usual with { Sampling = Usual.Sampling with { Temperature = -1 } });
        stream.Should().Throw<ArgumentException>();
        var whole = () => engine.Engine.GenerateAsync(Usual.WithText(""));
        await whole.Should().ThrowAsync<ArgumentException>();
        collected.Of("gen_ai.server.request.duration").Select(reading => reading["error.type"]).Should().BeEquivalentTo([typeof(InvalidOptionException).FullName, typeof(ArgumentException).FullName]);
    }

    [Theory]
    [InlineData("tiny-s", 0)]
    [InlineData("tiny-x", 3)]
    public async Task Each_of_several_answers_is_a_request_whether_it_begins_or_not(string model, int failed)
    {
        using var collected = new Collected();
        await using var engine = await ServeAsync(collected);
        try
        {
            await engine.Engine.GenerateAsync(Usual with { Model = model }, samples: 3);
        }
        catch (ArgumentException)
        {
            // Of the unknown model, each is counted all the same.
        }

        await engine.SettleAsync();
        var durations = collected.Of("gen_ai.server.request.duration");
        durations.Should().HaveCount(3);
        durations.Count(reading => reading.Tags.ContainsKey("error.type")).Should().Be(failed);
    }

    [Fact]
    public async Task The_state_adds_up_and_is_silent_once_the_engine_has_ended()
    {
        using var collected = new Collected();
        var engine = await ServeAsync(collected);
        await using (engine)
        {
            await engine.AskAsync(Usual);
            await engine.SettleAsync();
            var kv = collected.Of("helios.kv.bytes");
            kv.Select(reading => reading["state"]).Should().Equal("used", "cached", "free");
            kv.Sum(reading => reading.Value).Should().Be(engine.Snapshot.KvSlabBytes).And.BePositive();
            collected.Of("helios.layers.loaded")[^1].Value.Should().Be(4);
            collected.Of("helios.memory.used")[^1].Value.Should().Be(engine.Engine.Pool.Snapshot.UsedBytes);
            collected.Of("helios.memory.budget")[^1].Value.Should().Be(64 << 20);
            collected.Of("helios.prompt.tokens")[^1].Value.Should().Be(engine.Snapshot.PromptTokens).And.BePositive();
            collected.Of("helios.requests.waiting")[^1].Value.Should().Be(0);
        }

        var before = collected.Of("helios.kv.bytes").Count;
        collected.Of("helios.kv.bytes").Should().HaveCount(before, "a factory's meter outlives the engine");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3L << 30)]
    public async Task What_the_driver_says_is_reported_where_it_says_anything(long? free)
    {
        using var collected = new Collected();
        await using var engine = TestEngine.Build(
            builder => ((HeliosBuilder)builder.AddModel(TestData.Model("tiny-s")).ServeFixed(4)).UseMeters(collected),
            inner => new FaultyBackend(inner) { FreeBytes = free });
        collected.Of("helios.device.memory.free").Select(reading => reading.Value).Should().Equal(free is { } bytes ? [bytes] : []);
    }

    private static Task<TestEngine> ServeAsync(Collected collected) =>
        TestEngine.ServeAsync("tiny-s", depth: 4, more: builder => ((HeliosBuilder)builder).UseMeters(collected));
}
