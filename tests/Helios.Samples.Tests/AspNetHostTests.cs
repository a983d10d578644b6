using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Helios.Sdk;
using Helios.Sdk.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Helios.Samples.Tests;

public sealed class AspNetHostTests : IClassFixture<WebApplicationFactory<Program>>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplicationFactory<Program> factory;
    private readonly HttpClient client;
    private readonly HeliosEngine engine;

    public AspNetHostTests(WebApplicationFactory<Program> factory)
    {
        this.factory = factory;
        client = factory.CreateClient();
        engine = factory.Services.GetRequiredService<HeliosEngine>();
    }

    [Fact]
    public async Task Answers_are_streamed_as_events()
    {
        using var response = await client.PostAsJsonAsync("/generate", new { prompt = "Once upon a time", maxTokens = 16 });
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        var events = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync()) events.Add(item);

        events[^1].EventType.Should().Be("end");
        events[^1].Data.Should().BeOneOf("Stop", "Length");
        events.SkipLast(1).Should().NotBeEmpty().And.OnlyContain(item => item.EventType == "text");
        string.Concat(events.SkipLast(1).Select(item => item.Data)).Should().NotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task A_conversation_is_answered_with_its_next_turn()
    {
        using var response = await client.PostAsJsonAsync("/chat", new[] { new ChatTurn("user", "Once upon a time, there was a little cat.") });
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        var turn = await response.Content.ReadFromJsonAsync<ChatTurn>();
        turn!.Role.Should().Be("assistant");
        turn.Content.Should().NotBeNullOrWhiteSpace();
    }

    [Theory]
    [InlineData("/generate", "{}", "The prompt is empty")]
    [InlineData("/generate", """{ "prompt": "" }""", "The prompt is empty")]
    [InlineData("/generate", """{ "prompt": "Once", "maxTokens": -1 }""", "MaxTokens is -1")]
    [InlineData("/generate", """{ "prompt": "Once", "maxTokens": 1000000 }""", "MaxTokens is 1000000; expected at most ")]
    [InlineData("/chat", "[]", "no messages")]
    [InlineData("/chat", "[null]", "turns[0] is null")]
    [InlineData("/chat", """[{ "role": "tool", "content": "42" }]""", "role 'tool'")]
    [InlineData("/chat", """[{ "content": "Hello" }]""", "Parameter")]
    public async Task The_callers_mistakes_are_bad_requests(string path, string body, string message)
    {
        await engine.Ready.WaitAsync(Patience);
        using var response = await client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await DetailOfAsync(response)).Should().Contain(message);
    }

    [Fact]
    public async Task Turns_that_the_chat_template_refuses_are_the_callers_mistake()
    {
        await using var host = WithTemplate("{{ raise_exception('Conversation roles must alternate.') }}");
        using var response = await AskAsync(host);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await DetailOfAsync(response)).Should().Be("The model's chat template refuses the conversation: Conversation roles must alternate.");
    }

    [Fact]
    public async Task A_chat_template_that_fails_is_not()
    {
        await using var host = WithTemplate("{{ none.x.y }}");
        using var response = await AskAsync(host);
        response.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
    }

    [Theory]
    [InlineData("/generate", """{ "prompt": "Once" }""")]
    [InlineData("/chat", """[{ "role": "user", "content": "Hello" }]""")]
    public async Task A_full_queue_is_said_with_a_time_to_come_back(string path, string body)
    {
        var busy = new ScriptedHeliosClient().Fail(new ServerBusyException("The queue is full.") { RetryAfter = TimeSpan.FromSeconds(2.5) });
        await using var full = factory.WithWebHostBuilder(host => host.ConfigureTestServices(services =>
            services.AddSingleton<IHeliosClient>(busy).AddSingleton(busy.AsIChatClient())));
        using var response = await full.CreateClient().PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(3));
        (await DetailOfAsync(response)).Should().Be("The queue is full.");
    }

    [Fact]
    public async Task It_is_live_and_ready_and_says_what_serves()
    {
        await engine.Ready.WaitAsync(Patience);
        (await client.GetStringAsync("/health/live")).Should().Be("Healthy");
        (await client.GetStringAsync("/health/ready")).Should().Be("Healthy");
        var status = await client.GetFromJsonAsync<JsonElement>("/status");
        status.GetProperty("serving").GetString().Should().StartWith("tiny-");
        status.GetProperty("memoryUsedBytes").GetInt64().Should().BePositive();
    }

    private static Task<HttpResponseMessage> AskAsync(WebApplicationFactory<Program> host) =>
        host.CreateClient().PostAsJsonAsync("/chat", new[] { new ChatTurn("user", "Hello") });

    private static async Task<string?> DetailOfAsync(HttpResponseMessage response)
    {
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString();
    }

    private WebApplicationFactory<Program> WithTemplate(string template) => factory.WithWebHostBuilder(host => host
        .UseSetting("Helios:Models:0:ChatTemplate", template)
        .UseSetting("Helios:Models:1:ChatTemplate", template));
}
