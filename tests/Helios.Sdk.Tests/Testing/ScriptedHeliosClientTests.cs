using Microsoft.Extensions.AI;

namespace Helios.Sdk.Tests.Testing;

public class ScriptedHeliosClientTests
{
    private readonly ManualClock clock = new();
    private readonly GenerationRequest request = GenerationRequest.FromText("Hello");

    [Fact]
    public async Task Answers_come_in_order_and_requests_are_remembered()
    {
        var client = new ScriptedHeliosClient { Otherwise = asked => ScriptedAnswer.Of($"You said {asked.Prompt}.") }.Answer("One two").Answer("Three");
        (await client.GenerateAsync(request)).Text.Should().Be("One two");
        (await TextsAsync(client.StreamAsync(request.WithText("Again")))).Should().Equal("Three");
        (await client.GenerateAsync(request, 2)).Select(answer => answer.Text).Should().Equal("You said Hello.", "You said Hello.");
        client.Requests.Select(asked => asked.Prompt).Should().Equal("Hello", "Again", "Hello", "Hello");
    }

    [Fact]
    public async Task A_stream_ends_with_its_reason()
    {
        var client = new ScriptedHeliosClient().Answer(ScriptedAnswer.Of("One two three") with { FinishReason = FinishReason.TimeLimit, ExitDepth = 3 }).Answer("One two three");
        var whole = await UpdatesAsync(client.StreamAsync(request));
        whole.Select(update => update.Text).Should().Equal("One", " two", " three");
        whole.Select(update => update.FinishReason).Should().Equal(null, null, FinishReason.TimeLimit);
        whole.Should().OnlyContain(update => update.ExitDepth == 3);

        var cut = await client.GenerateAsync(request with { MaxTokens = 2 });
        (cut.Text, cut.FinishReason).Should().Be(("One two", FinishReason.Length));
    }

    [Fact]
    public async Task An_answer_may_fail_at_once_or_in_the_middle()
    {
        var client = new ScriptedHeliosClient()
            .Fail(new ServerBusyException("full"))
            .Answer(ScriptedAnswer.Of("One two") with { Error = new HeliosException("gone") });
        await client.Invoking(it => it.GenerateAsync(request)).Should().ThrowAsync<ServerBusyException>().WithMessage("full");

        var texts = new List<string>();
        var reading = async () =>
        {
            await foreach (var update in client.StreamAsync(request)) texts.Add(update.Text);
        };
        await reading.Should().ThrowAsync<HeliosException>().WithMessage("gone");
        texts.Should().Equal("One", " two");
    }

    [Fact]
    public async Task Delays_go_by_the_clock()
    {
        var client = new ScriptedHeliosClient(clock).Answer(ScriptedAnswer.Of("a b c") with { FirstTokenAfter = TimeSpan.FromSeconds(4), TokenEvery = TimeSpan.FromSeconds(1) });
        var answering = client.GenerateAsync(request);
        clock.Advance(TimeSpan.FromSeconds(5.5));
        answering.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.5));
        var answer = await answering;
        (answer.TimeToFirstToken.TotalSeconds, answer.TimePerOutputToken.TotalSeconds).Should().Be((4, 1));
    }

    [Fact]
    public async Task A_request_can_be_cancelled_while_it_waits()
    {
        using var cancel = new CancellationTokenSource();
        var client = new ScriptedHeliosClient(clock).Answer(ScriptedAnswer.Of("never") with { FirstTokenAfter = TimeSpan.FromSeconds(4) });
        var answering = client.GenerateAsync(request, cancel.Token);
        await cancel.CancelAsync();
        await answering.Awaiting(it => it).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task What_is_not_scripted_is_named()
    {
        var client = new ScriptedHeliosClient();
        await client.Invoking(it => it.GenerateAsync(request)).Should().ThrowAsync<InvalidOperationException>().WithMessage("The script has no answer left for request 1; add one*");
    }

    [Fact]
    public async Task Conversations_are_answered_too()
    {
        var client = new ScriptedHeliosClient().Answer("It is fine.").Answer("Still fine.");
        (await client.AsIChatClient().GetResponseAsync("How is it?")).Text.Should().Be("It is fine.");
        var pieces = await client.AsIChatClient().GetStreamingResponseAsync("And now?").ToListAsync();
        string.Concat(pieces.Select(piece => piece.Text)).Should().Be("Still fine.");
        client.Requests.Select(asked => asked.Messages!.Single()).Should().Equal(new ChatTurn("user", "How is it?"), new ChatTurn("user", "And now?"));
    }

    [Fact]
    public async Task What_no_engine_takes_is_refused()
    {
        var client = new ScriptedHeliosClient { Otherwise = _ => ScriptedAnswer.Of("yes") };
        GenerationRequest[] wrong =
        [
            GenerationRequest.FromTokens([]), request with { Sampling = request.Sampling with { Temperature = -1 } }, request with { MaxTokens = 0 }, request with { Sampling = request.Sampling with { TopP = 2 } },
            request with { Stop = [""] }, request.WithText(""), GenerationRequest.FromMessages([]), request with { LogProbabilities = 21 },
        ];
        foreach (var refused in wrong)
        {
            client.Invoking(it => it.StreamAsync(refused)).Should().Throw<ArgumentException>();
            await client.Invoking(it => it.GenerateAsync(refused)).Should().ThrowAsync<ArgumentException>();
            await client.Invoking(it => it.GenerateAsync(refused, 2)).Should().ThrowAsync<ArgumentException>();
        }

        client.Requests.Should().BeEmpty();
    }

    private static async Task<List<string>> TextsAsync(IAsyncEnumerable<GenerationUpdate> stream) => [.. (await UpdatesAsync(stream)).Select(update => update.Text)];

    private static async Task<List<GenerationUpdate>> UpdatesAsync(IAsyncEnumerable<GenerationUpdate> stream)
    {
        var updates = new List<GenerationUpdate>();
        await foreach (var update in stream) updates.Add(update);
        return updates;
    }
}
