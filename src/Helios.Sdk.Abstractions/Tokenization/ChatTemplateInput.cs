using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Helios.Sdk.Tokenization;

/// <summary>
/// What a chat template is rendered with, as Hugging Face's <c>apply_chat_template</c> takes it. Every text in it is the caller's: control
/// tokens spelled out there stay text. The elements must live as long as a rendering takes.
/// </summary>
/// <remarks>For logs, <see cref="ToString"/> tells how many messages there are, never what they say.</remarks>
public sealed record ChatTemplateInput
{
    /// <summary>The turns: a list of objects, with the fields that the template knows (<c>role</c>, <c>content</c>, <c>tool_calls</c>, ...).</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>Tools that the model may call: a list of JSON schemas; null where none are offered, which the template knows as <c>none</c>.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Further variables of the template, by name: <c>enable_thinking</c>, say. None by default.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = ReadOnlyDictionary<string, JsonElement>.Empty;

    /// <summary>Whether the beginning of an answer is written behind the last turn; true by default, as for an answer that is to be generated.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    private bool PrintMembers(StringBuilder builder)
    {
        var turns = Messages.ValueKind == JsonValueKind.Array ? Messages.GetArrayLength() : 0;
        builder.Append(CultureInfo.InvariantCulture, $"Messages = {turns}, AddGenerationPrompt = {AddGenerationPrompt}");
        return true;
    }
}
