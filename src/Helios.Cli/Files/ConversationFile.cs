using System.Text;
using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Files;

/// <summary>Conversations to render: <c>.jsonl</c> holds one a line, any other file is one.</summary>
internal static class ConversationFile
{
    private const string Messages = "messages";
    private const string Tools = "tools";
    private const string Arguments = "kwargs";
    private const string AddGenerationPrompt = "addGenerationPrompt";

    public static bool HoldsLines(string path) => Path.GetExtension(path).Equals(".jsonl", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="FileException">The file is unusable; the message names file and field.</exception>
    public static ChatTemplateInput Read(string path) => Parse($"{path}:", "the file", File.ReadAllBytes(path));

    /// <summary>A way to read each line: one that is unusable says so when it is its turn.</summary>
    public static IEnumerable<Func<ChatTemplateInput>> ReadLines(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var place = Invariant($"{path}, line {number}:");
            if (!string.IsNullOrWhiteSpace(line)) yield return () => Parse(place, "the line", Encoding.UTF8.GetBytes(line));
        }
    }

    private static ChatTemplateInput Parse(string place, string what, byte[] json) =>
        StrictJson.Read(place, what, json, root => Read(new StrictObject(place, root.Clone())));

    /// <summary>Other fields are left alone: data sets bring their own.</summary>
    private static ChatTemplateInput Read(StrictObject fields) => new()
    {
        Messages = Of(fields, Messages, JsonValueKind.Array, "a list of messages") ?? throw fields.Missing(Messages, "a list of messages"),
        Tools = Of(fields, Tools, JsonValueKind.Array, "a list of tools, or null"),
        Arguments = Of(fields, Arguments, JsonValueKind.Object, "an object of variables, or null") is { } given
            ? given.EnumerateObject().ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal)
            : new Dictionary<string, JsonElement>(StringComparer.Ordinal),
        AddGenerationPrompt = fields.Optional(AddGenerationPrompt) is not { } wanted
            || (wanted.ValueKind is JsonValueKind.True or JsonValueKind.False ? wanted.GetBoolean() : throw fields.Wrong(AddGenerationPrompt, wanted, "true or false")),
    };

    private static JsonElement? Of(StrictObject fields, string name, JsonValueKind kind, string expected)
    {
        if (fields.Optional(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        return value.ValueKind == kind ? value : throw fields.Wrong(name, value, expected);
    }
}
