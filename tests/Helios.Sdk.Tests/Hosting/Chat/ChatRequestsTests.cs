using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Helios.Sdk.Tests.Hosting.Chat;

/// <summary>Every option of a chat is mapped or refused.</summary>
public class ChatRequestsTests
{
    private static readonly string[] Mapped =
    [
        nameof(ChatOptions.Instructions), nameof(ChatOptions.Temperature), nameof(ChatOptions.MaxOutputTokens), nameof(ChatOptions.TopP), nameof(ChatOptions.TopK),
        nameof(ChatOptions.FrequencyPenalty), nameof(ChatOptions.PresencePenalty), nameof(ChatOptions.Seed), nameof(ChatOptions.ModelId), nameof(ChatOptions.StopSequences),
        nameof(ChatOptions.RawRepresentationFactory), nameof(ChatOptions.AdditionalProperties),
    ];

    /// <summary>Says something of tools, of which there are none.</summary>
    private static readonly string[] WithoutMeaning = [nameof(ChatOptions.AllowMultipleToolCalls)];

    public static TheoryData<string, ChatOptions> Refused() => new()
    {
        { nameof(ChatOptions.Tools), new ChatOptions { Tools = [new HostedWebSearchTool()] } },
        { nameof(ChatOptions.ToolMode), new ChatOptions { ToolMode = ChatToolMode.RequireAny } },
        { nameof(ChatOptions.ResponseFormat), new ChatOptions { ResponseFormat = ChatResponseFormat.Json } },
        { nameof(ChatOptions.Reasoning), new ChatOptions { Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High } } },
        { nameof(ChatOptions.ConversationId), new ChatOptions { ConversationId = "1" } },
        { nameof(ChatOptions.ContinuationToken), new ChatOptions { ContinuationToken = ResponseContinuationToken.FromBytes(new byte[] { 1 }) } },
        { nameof(ChatOptions.AllowBackgroundResponses), new ChatOptions { AllowBackgroundResponses = true } },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_the_engine_does_not_do_is_refused_by_name(string option, ChatOptions options)
    {
        var client = new RecordingClient();
        var ask = () => new HeliosChatClient(client).GetResponseAsync("Hi", options);
        await ask.Should().ThrowAsync<NotSupportedException>().WithMessage($"ChatOptions.{option} is not supported by Helios: *");
        var stream = () => new HeliosChatClient(client).GetStreamingResponseAsync("Hi", options);
        stream.Should().Throw<NotSupportedException>("before the enumeration begins").WithMessage($"ChatOptions.{option} *");
        client.Request.Should().BeNull();
    }

    [Fact]
    public void No_option_is_ignored()
    {
        var refused = Refused().Select(row => (string)((object[])row)[0]);
        typeof(ChatOptions).GetProperties().Select(property => property.Name).Should().BeEquivalentTo([.. Mapped, .. refused, .. WithoutMeaning]);
    }

    [Fact]
    public async Task Options_map_to_those_of_the_request()
    {
        var request = await RequestOf(new ChatOptions
        {
            Instructions = "Be brief.",
            Temperature = 0.5f,
            MaxOutputTokens = 7,
            TopP = 0.9f,
            TopK = 3,
            FrequencyPenalty = 0.25f,
            PresencePenalty = -0.5f,
            Seed = 42,
            ModelId = "tiny",
            StopSequences = ["a", "b"],
            ResponseFormat = ChatResponseFormat.Text,
            ToolMode = ChatToolMode.Auto,
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                [HeliosChatProperties.MaxQualityGap] = 0.1,
                [HeliosChatProperties.FullDepth] = true,
                [HeliosChatProperties.Tenant] = "t",
                [HeliosChatProperties.Priority] = RequestPriority.High,
                ["somebody.else"] = 1,
            },
        });

        request.Should().BeEquivalentTo(GenerationRequest.FromMessages([new ChatTurn("system", "Be brief."), new ChatTurn("user", "Hi")]) with
        {
            Sampling = new() { Temperature = 0.5f, TopP = 0.9f, TopK = 3, FrequencyPenalty = 0.25f, PresencePenalty = -0.5f, Seed = 42 },
            MaxTokens = 7,
            Model = "tiny",
            Stop = ["a", "b"],
            MaxQualityGap = 0.1,
            FullDepth = true,
            Tenant = "t",
            Priority = RequestPriority.High,
        });
    }

    [Fact]
    public async Task Without_options_the_defaults_of_the_request_hold() =>
        (await RequestOf(null)).Should().BeEquivalentTo(GenerationRequest.FromMessages([new ChatTurn("user", "Hi")]));

    [Fact]
    public async Task A_request_of_ones_own_is_built_upon()
    {
        var request = await RequestOf(new ChatOptions { TopK = 5, RawRepresentationFactory = _ => GenerationRequest.FromMessages([]) with { Sampling = new() { MinP = 0.1f, TopK = 9 }, Model = "own" } });
        request.Should().BeEquivalentTo(new { Sampling = new { MinP = 0.1f, TopK = 5 }, Model = "own" });
    }

    [Fact]
    public async Task A_request_of_ones_own_with_a_prompt_is_refused()
    {
        var ask = () => RequestOf(new ChatOptions { RawRepresentationFactory = _ => GenerationRequest.FromText("x") });
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("*the messages are the prompt*");
        ask = () => RequestOf(new ChatOptions { RawRepresentationFactory = _ => "x" });
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("*gives String; expected GenerationRequest*");
    }

    [Fact]
    public async Task Properties_that_came_through_JSON_are_taken()
    {
        using var json = JsonDocument.Parse("""{ "gap": 0.5, "full": true, "tenant": "t", "priority": "low", "none": null }""");
        var root = json.RootElement;
        var request = await RequestOf(Properties((HeliosChatProperties.MaxQualityGap, root.GetProperty("gap")), (HeliosChatProperties.FullDepth, root.GetProperty("full")), (HeliosChatProperties.Tenant, root.GetProperty("tenant")), (HeliosChatProperties.Priority, root.GetProperty("priority"))));
        request.Should().BeEquivalentTo(new { MaxQualityGap = 0.5, FullDepth = true, Tenant = "t", Priority = RequestPriority.Low });
        (await RequestOf(Properties((HeliosChatProperties.Tenant, root.GetProperty("none"))))).Tenant.Should().BeNull();
    }

    [Theory]
    [InlineData(HeliosChatProperties.MaxQualityGap, "0.1", "a number")]
    [InlineData(HeliosChatProperties.FullDepth, 1, "true or false")]
    [InlineData(HeliosChatProperties.Tenant, 5, "a string")]
    [InlineData(HeliosChatProperties.Priority, "urgent", "Low, Normal, High")]
    [InlineData(HeliosChatProperties.Priority, "1", "Low, Normal, High")]
    [InlineData(HeliosChatProperties.Priority, 7, "Low, Normal, High")]
    public async Task Properties_of_another_type_are_refused(string key, object value, string expected)
    {
        var ask = () => RequestOf(Properties((key, value)));
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage($"AdditionalProperties[[]\"{key}\"[]] is {value} ({value.GetType().Name}); expected {expected}*".Replace("[[]", "[", StringComparison.Ordinal).Replace("[]]", "]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_misspelt_property_is_refused()
    {
        var ask = () => RequestOf(Properties(("helios.tennant", "t")));
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("*\"helios.tennant\"*is unknown; expected helios.max_quality_gap, helios.full_depth, helios.tenant, helios.priority*");
    }

    public static TheoryData<AIContent> OtherContents() =>
        [new DataContent(new byte[] { 1 }, "image/png"), new UriContent("https://example.com/a.png", "image/png"), new FunctionCallContent("1", "f"), new TextReasoningContent("hm")];

    [Theory]
    [MemberData(nameof(OtherContents))]
    public async Task Contents_other_than_text_are_refused_by_name(AIContent content)
    {
        var ask = () => new HeliosChatClient(new RecordingClient()).GetResponseAsync([new ChatMessage(ChatRole.User, "x"), new ChatMessage(ChatRole.User, [new TextContent("y"), content])]);
        await ask.Should().ThrowAsync<NotSupportedException>().WithMessage($"messages[1] holds {content.GetType().Name}*");
    }

    [Fact]
    public async Task Messages_of_tools_are_refused()
    {
        var ask = () => new HeliosChatClient(new RecordingClient()).GetResponseAsync([new ChatMessage(ChatRole.Tool, "x")]);
        await ask.Should().ThrowAsync<NotSupportedException>().WithMessage("messages[0] has the role 'tool'*");
    }

    [Fact]
    public async Task No_messages_are_refused()
    {
        var ask = () => new HeliosChatClient(new RecordingClient()).GetResponseAsync([], new ChatOptions { Instructions = "x" });
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("There are no messages*");
    }

    [Fact]
    public async Task Instructions_go_before_the_system_message()
    {
        var client = new RecordingClient();
        await new HeliosChatClient(client).GetResponseAsync([new ChatMessage(ChatRole.System, "Second."), new ChatMessage(ChatRole.User, "Hi")], new ChatOptions { Instructions = "First." });
        client.Request!.Messages.Should().Equal(new ChatTurn("system", "First.\n\nSecond."), new ChatTurn("user", "Hi"));
    }

    private static ChatOptions Properties(params (string Key, object Value)[] properties) =>
        new() { AdditionalProperties = new AdditionalPropertiesDictionary(properties.ToDictionary(one => one.Key, one => (object?)one.Value, StringComparer.Ordinal)) };

    private static async Task<GenerationRequest> RequestOf(ChatOptions? options)
    {
        var client = new RecordingClient();
        await new HeliosChatClient(client).GetResponseAsync("Hi", options);
        return client.Request!;
    }
}
