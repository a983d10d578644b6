using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Helios.Sdk;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Helios.Samples.Tests;

public sealed class AspNetHostTests : IClassFixture<WebApplicationFactory<Program>>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient client;
    private readonly HeliosEngine engine;

    public AspNetHostTests(WebApplicationFactory<Program> factory)
    {
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
}
