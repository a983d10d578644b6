using System.Globalization;
using System.Text.Json;
using Helios.Sdk.Tokenization.ChatTemplates.Running;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates;

/// <summary>What a template is rendered with, as values of the template. Every text and number in it is marked as the caller's.</summary>
internal sealed record Conversation(ListValue Messages, Value Tools, IReadOnlyList<(string Name, Value Value)> Arguments, bool AddGenerationPrompt)
{
    private const string MessagesName = "messages";
    private const string ToolsName = "tools";
    private const string PromptName = "add_generation_prompt";

    /// <summary>Turns alone.</summary>
    public static Conversation Of(IEnumerable<ChatTurn> turns, bool addGenerationPrompt) =>
        new(new ListValue([.. turns.Select(ToValue)]), NoneValue.Instance, [], addGenerationPrompt);

    /// <exception cref="ConversationRefusedException">The messages are no list of objects, or a value is one that no template takes; it is named by its place, never repeated.</exception>
    public static Conversation Of(ChatTemplateInput input)
    {
        if (input.Messages.ValueKind != JsonValueKind.Array) throw Bad(MessagesName, $"{KindOf(input.Messages)}, expected a list of objects");
        if (input.Tools is { ValueKind: not (JsonValueKind.Array or JsonValueKind.Null) } tools) throw Bad(ToolsName, $"{KindOf(tools)}, expected a list or null");
        var index = 0;
        foreach (var message in input.Messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object) throw Bad(Invariant($"{MessagesName}[{index}]"), $"{KindOf(message)}, expected an object");
            index++;
        }

        var arguments = new List<(string, Value)>();
        foreach (var (name, value) in input.Arguments)
        {
            if (name is MessagesName or ToolsName or PromptName) throw Bad(name, "among the arguments, expected in its own place");
            arguments.Add((name, ToValue(value, name, 0)));
        }

        return new Conversation(
            (ListValue)ToValue(input.Messages, MessagesName, 0),
            input.Tools is { } offered ? ToValue(offered, ToolsName, 0) : NoneValue.Instance,
            arguments,
            input.AddGenerationPrompt);
    }

    /// <summary>Sets the variables by which templates know it.</summary>
    public void AddTo(Scope scope)
    {
        scope.Set(MessagesName, Messages);
        scope.Set(ToolsName, Tools);
        scope.Set("documents", NoneValue.Instance);
        scope.Set(PromptName, BoolValue.Of(AddGenerationPrompt));
        foreach (var (name, value) in Arguments) scope.Set(name, value);
    }

    private static MapValue ToValue(ChatTurn turn) => MapValue.Of(
        ("role", TextValue.FromCaller(turn.Role)),
        ("content", TextValue.FromCaller(turn.Content)));

    private static Value ToValue(JsonElement element, string place, int depth)
    {
        if (depth >= TemplateLimits.Default.Nesting) throw Bad(place, Invariant($"nested more than {TemplateLimits.Default.Nesting} deep"));
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return TextValue.FromCaller(TextOf(element.GetString, place));
            case JsonValueKind.Number:
                return ToNumber(element, place);
            case JsonValueKind.True or JsonValueKind.False:
                return BoolValue.Of(element.GetBoolean());
            case JsonValueKind.Array:
                return new ListValue([.. element.EnumerateArray().Select((item, i) => ToValue(item, Invariant($"{place}[{i}]"), depth + 1))]);
            case JsonValueKind.Object:
                var map = new MapValue();
                foreach (var property in element.EnumerateObject()) map.TrySet(TextValue.FromCaller(TextOf(() => property.Name, place)), ToValue(property.Value, place, depth + 1));
                return map;
            default:
                return NoneValue.Instance;
        }
    }

    /// <summary>As Python reads them: with a point or an exponent it is a float.</summary>
    private static Value ToNumber(JsonElement element, string place)
    {
        var written = element.GetRawText();
        if (written.AsSpan().IndexOfAny('.', 'e', 'E') >= 0) return new FloatValue(double.Parse(written, CultureInfo.InvariantCulture), isCallers: true);
        return long.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? new IntValue(whole, isCallers: true) : throw Bad(place, "a whole number that passes 64 bits");
    }

    /// <summary>JSON can spell half a surrogate pair, which is no text.</summary>
    private static string TextOf(Func<string?> read, string place)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad(place, "a text with half a surrogate pair");
        }
    }

    private static string KindOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        JsonValueKind.Undefined => "missing",
        _ => "a boolean",
    };

    private static ConversationRefusedException Bad(string place, string found) => new($"{place} is {found}.");
}
