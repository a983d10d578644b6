using System.Collections.Concurrent;
using System.Diagnostics;
using Helios.Sdk.Tests.Hosting;

namespace Helios.Sdk.Tests.Telemetry;

public sealed class RequestTraceTests
{
    private static readonly GenerationRequest Usual = GenerationRequest.FromText("Once upon a time") with { MaxTokens = 6, IgnoreEndOfSequence = true };

    [Fact]
    public async Task A_request_is_an_activity_below_its_callers()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s", depth: 4);
        var answer = await engine.AskAsync(Usual with { Model = "tiny-s", Sampling = Usual.Sampling with { Temperature = 0.5f, TopP = 0.9f, Seed = 7 } });

        Activity.Current.Should().BeSameAs(traced.Caller);
        var activity = traced.Requests.Should().ContainSingle().Subject;
        activity.ParentId.Should().Be(traced.Caller.Id);
        activity.OperationName.Should().Be("text_completion tiny-s");
        activity.Status.Should().Be(ActivityStatusCode.Unset);
        activity.TagObjects.Should().Contain(
        [
            new("gen_ai.operation.name", "text_completion"), new("gen_ai.provider.name", "helios"), new("gen_ai.request.model", "tiny-s"),
            new("gen_ai.request.max_tokens", 6), new("gen_ai.request.temperature", 0.5f), new("gen_ai.request.top_p", 0.9f), new("gen_ai.request.seed", 7L),
            new("gen_ai.response.model", "tiny-s"), new("gen_ai.usage.input_tokens", answer.PromptIds.Count), new("gen_ai.usage.output_tokens", 6),
            new("helios.depth", 4), new("helios.exit.depth.mean", 4.0),
        ]);
        activity.GetTagItem("gen_ai.response.finish_reasons").Should().BeEquivalentTo(new[] { "length" });
    }

    [Fact]
    public async Task A_limit_that_nobody_named_is_not_reported_as_one()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        await engine.AskAsync(Usual with { MaxTokens = null });
        traced.Requests.Should().ContainSingle().Which.TagObjects.Should().NotContain(tag => tag.Key == "gen_ai.request.max_tokens");
    }

    [Fact]
    public async Task A_conversation_is_a_chat()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var refused = () => engine.AskAsync(GenerationRequest.FromMessages([new ChatTurn("user", "Hello")]));
        await refused.Should().ThrowAsync<ChatTemplateException>();

        var activity = traced.Requests.Should().ContainSingle().Subject;
        activity.OperationName.Should().Be("chat");
        activity.GetTagItem("gen_ai.operation.name").Should().Be("chat");
    }

    [Fact]
    public async Task The_reason_of_an_end_has_the_name_that_a_chat_response_has()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        await engine.AskAsync(Usual with { TimeLimit = TimeSpan.FromTicks(1) });
        traced.Requests.Should().ContainSingle().Which.GetTagItem("gen_ai.response.finish_reasons").Should().BeEquivalentTo(new[] { "time_limit" });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompt_and_answer_are_in_it_only_when_asked_for(bool capture)
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s", more: builder => builder.Configure(options => options.Telemetry.CaptureContent = capture));
        var text = "";
        await foreach (var update in engine.Engine.StreamAsync(Usual.WithText("The \"secret\" cat") with { Stop = ["no such thing"] })) text += update.Text;

        var tags = string.Join('\n', traced.Requests.Single().TagObjects.Select(tag => $"{tag.Key}={tag.Value}"));
        text.Should().NotBeEmpty();
        if (!capture)
        {
            tags.Should().NotContain("cat").And.NotContain(text).And.NotContain("no such thing").And.NotContain("stop_sequences");
            return;
        }

        traced.Requests.Single().GetTagItem("gen_ai.input.messages").Should().Be("""[{"role":"user","parts":[{"type":"text","content":"The \u0022secret\u0022 cat"}]}]""");
        using var answer = System.Text.Json.JsonDocument.Parse((string)traced.Requests.Single().GetTagItem("gen_ai.output.messages")!);
        answer.RootElement[0].GetProperty("parts")[0].GetProperty("content").GetString().Should().Be(text);
        answer.RootElement[0].GetProperty("finish_reason").GetString().Should().Be("length");
    }

    [Fact]
    public async Task A_refused_request_is_an_error_and_one_whose_reader_leaves_is_not()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var unknown = () => engine.AskAsync(Usual with { Model = "tiny-x" });
        await unknown.Should().ThrowAsync<ArgumentException>();
        await foreach (var _ in engine.Engine.StreamAsync(Usual with { MaxTokens = 150 })) break;

        traced.Requests.Select(activity => activity.Status).Should().Equal(ActivityStatusCode.Error, ActivityStatusCode.Unset);
        traced.Requests.First().GetTagItem("error.type").Should().Be("System.ArgumentException");
        traced.Requests.Last().GetTagItem("gen_ai.response.finish_reasons").Should().BeNull("the answer did not come to its end");
    }

    [Fact]
    public async Task Each_of_several_samples_is_an_activity()
    {
        using var traced = new Traced();
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        await engine.Engine.GenerateAsync(Usual with { Sampling = Usual.Sampling with { Temperature = 1 } }, samples: 3);
        traced.Requests.Should().HaveCount(3);
    }

    /// <summary>A caller's activity, and the activities of requests below it.</summary>
    private sealed class Traced : IDisposable
    {
        private readonly ActivitySource source = new("Caller");
        private readonly ActivityListener listener;
        private readonly ConcurrentQueue<Activity> stopped = new();

        public Traced()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is HeliosTelemetry.ActivitySourceName or "Caller",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = stopped.Enqueue,
            };
            ActivitySource.AddActivityListener(listener);
            Caller = source.StartActivity("caller")!;
        }

        public Activity Caller { get; }

        public IEnumerable<Activity> Requests => stopped.Where(activity => activity.ParentId == Caller.Id);

        public void Dispose()
        {
            Caller.Dispose();
            listener.Dispose();
            source.Dispose();
        }
    }
}
