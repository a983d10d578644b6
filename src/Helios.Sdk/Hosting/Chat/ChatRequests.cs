using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Helios.Sdk.Naming;
using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>Turns messages and options into a request. What the engine cannot do is refused by name, never ignored.</summary>
internal static class ChatRequests
{
    private const string Prefix = "helios.";
    private static readonly string[] Known = [HeliosChatProperties.MaxQualityGap, HeliosChatProperties.FullDepth, HeliosChatProperties.Tenant, HeliosChatProperties.Priority];

    /// <exception cref="ArgumentException">A message or an option is malformed.</exception>
    /// <exception cref="NotSupportedException">A message or an option asks for what the engine does not do.</exception>
    public static GenerationRequest Create(IEnumerable<ChatMessage> messages, ChatOptions? options, string? model, IChatClient client)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (options is not null) RefuseUnsupported(options);
        var request = Basis(options, client);
        var properties = options?.AdditionalProperties;
        foreach (var key in properties?.Keys ?? [])
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && !Known.Contains(key, StringComparer.Ordinal))
                throw new ArgumentException($"{nameof(ChatOptions.AdditionalProperties)}[\"{key}\"] is unknown; expected {string.Join(", ", Known)}.{NearMiss.Ask(key, Known)}", nameof(options));
        }

        if (options?.MaxOutputTokens < 1) throw new ArgumentException(Invariant($"{nameof(ChatOptions.MaxOutputTokens)} is {options.MaxOutputTokens}; expected at least 1, or null."), nameof(options));
        return request.WithMessages(ToTurns(messages, options?.Instructions)) with
        {
            Model = options?.ModelId ?? request.Model ?? model,
            MaxTokens = options?.MaxOutputTokens ?? request.MaxTokens,
            Sampling = request.Sampling with
            {
                Temperature = options?.Temperature ?? request.Sampling.Temperature,
                TopP = options?.TopP ?? request.Sampling.TopP,
                TopK = options?.TopK ?? request.Sampling.TopK,
                PresencePenalty = options?.PresencePenalty ?? request.Sampling.PresencePenalty,
                FrequencyPenalty = options?.FrequencyPenalty ?? request.Sampling.FrequencyPenalty,
                Seed = options?.Seed ?? request.Sampling.Seed,
            },
            Stop = options?.StopSequences is { } stop ? [.. stop] : request.Stop,
            MaxQualityGap = Read(properties, HeliosChatProperties.MaxQualityGap, "a number", AsNumber) ?? request.MaxQualityGap,
            FullDepth = Read(properties, HeliosChatProperties.FullDepth, "true or false", value => value as bool?) ?? request.FullDepth,
            Tenant = ReadText(properties, HeliosChatProperties.Tenant) ?? request.Tenant,
            Priority = Read(properties, HeliosChatProperties.Priority, string.Join(", ", Enum.GetNames<RequestPriority>()), AsPriority) ?? request.Priority,
        };
    }

    /// <summary>What the options build on: a request of the host's own, for what they have no name for.</summary>
    private static GenerationRequest Basis(ChatOptions? options, IChatClient client)
    {
        switch (options?.RawRepresentationFactory?.Invoke(client))
        {
            case null:
                return GenerationRequest.FromMessages([]);
            case GenerationRequest { Messages: { Count: 0 } } request:
                return request;
            case GenerationRequest:
                throw new ArgumentException($"{nameof(ChatOptions.RawRepresentationFactory)} gives a request with a prompt; the messages are the prompt, so it starts from GenerationRequest.FromMessages([]).", nameof(options));
            case var other:
                throw new ArgumentException($"{nameof(ChatOptions.RawRepresentationFactory)} gives {other.GetType().Name}; expected {nameof(GenerationRequest)}, or null.", nameof(options));
        }
    }

    private static void RefuseUnsupported(ChatOptions options)
    {
        if (options.Tools is { Count: > 0 }) throw Unsupported(nameof(options.Tools), "tools are not called");
        if (options.ToolMode is RequiredChatToolMode) throw Unsupported(nameof(options.ToolMode), "tools are not called");
        if (options.ResponseFormat is not (null or ChatResponseFormatText)) throw Unsupported(nameof(options.ResponseFormat), "answers are plain text; no format is enforced");
        if (options.Reasoning is not null) throw Unsupported(nameof(options.Reasoning), "reasoning is not separated from the rest of an answer");
        if (options.ConversationId is not null) throw Unsupported(nameof(options.ConversationId), "conversations are not stored; every request contains the whole conversation");
        if (options.ContinuationToken is not null) throw Unsupported(nameof(options.ContinuationToken), "answers are not stored for continuation");
        if (options.AllowBackgroundResponses == true) throw Unsupported(nameof(options.AllowBackgroundResponses), "answers are not stored for later retrieval");
    }

    private static ImmutableArray<ChatTurn> ToTurns(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var turns = ImmutableArray.CreateBuilder<ChatTurn>();
        if (!string.IsNullOrEmpty(instructions)) turns.Add(new ChatTurn(ChatRole.System.Value, instructions));
        var index = 0;
        foreach (var message in messages)
        {
            if (message is null) throw new ArgumentException(Invariant($"messages[{index}] is null."), nameof(messages));
            var turn = ToTurn(message, index++);

            // Templates take one system message: what the caller says follows the instructions.
            if (index == 1 && turns is [var first] && turn.Role == ChatRole.System.Value) turns[0] = first with { Content = $"{first.Content}\n\n{turn.Content}" };
            else turns.Add(turn);
        }

        if (index == 0) throw new ArgumentException("There are no messages; expected at least one.", nameof(messages));
        return turns.ToImmutable();
    }

    private static ChatTurn ToTurn(ChatMessage message, int index)
    {
        if (message.Role == ChatRole.Tool) throw new NotSupportedException(Invariant($"messages[{index}] has the role 'tool', which Helios does not support: tools are not called."));
        foreach (var content in message.Contents)
        {
            if (content is not TextContent) throw new NotSupportedException(Invariant($"messages[{index}] holds {content?.GetType().Name ?? "null"}, which Helios does not support: models take only text ({nameof(TextContent)})."));
        }

        return new ChatTurn(message.Role.Value, message.Text);
    }

    private static NotSupportedException Unsupported(string option, string because) =>
        new($"{nameof(ChatOptions)}.{option} is not supported by Helios: {because}.");

    private static string? ReadText(AdditionalPropertiesDictionary? properties, string key) =>
        Find(properties, key) is { } value ? value as string ?? throw Bad(key, value, "a string") : null;

    private static T? Read<T>(AdditionalPropertiesDictionary? properties, string key, string expected, Func<object, T?> convert)
        where T : struct =>
        Find(properties, key) is { } value ? convert(value) ?? throw Bad(key, value, expected) : null;

    /// <summary>A value as .NET has it, whether or not it came through JSON; null where there is none.</summary>
    private static object? Find(AdditionalPropertiesDictionary? properties, string key)
    {
        if (properties is null || !properties.TryGetValue(key, out var value)) return null;
        return value is not JsonElement json ? value : json.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.GetDouble(),
            _ => json,
        };
    }

    private static double? AsNumber(object value) =>
        value is double or float or decimal or int or long ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : null;

    private static RequestPriority? AsPriority(object value) => value switch
    {
        RequestPriority priority when Enum.IsDefined(priority) => priority,
        string name when !int.TryParse(name, CultureInfo.InvariantCulture, out _) && Enum.TryParse<RequestPriority>(name, ignoreCase: true, out var priority) && Enum.IsDefined(priority) => priority,
        _ => null,
    };

    private static ArgumentException Bad(string key, object value, string expected) =>
        new(Invariant($"{nameof(ChatOptions.AdditionalProperties)}[\"{key}\"] is {value} ({value.GetType().Name}); expected {expected}."), key);
}
