using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Helios.Sdk.Tokenization;

/// <summary>
/// The input of a chat template, as in Hugging Face's <c>apply_chat_template</c>. Every text in it comes from the caller: control
/// tokens spelled out there stay text. The elements must stay valid during the rendering.
/// </summary>
/// <remarks><see cref="ToString"/> prints only the number of messages, so it is safe for logs.</remarks>
public sealed record ChatTemplateInput
{
    /// <summary>The turns: a list of objects, with the fields that the template knows (<c>role</c>, <c>content</c>, <c>tool_calls</c>, ...).</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>Tools that the model may call: a list of JSON schemas; null for no tools, which the template sees as <c>none</c>.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Further variables of the template, by name, for example <c>enable_thinking</c>. None by default.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = ReadOnlyDictionary<string, JsonElement>.Empty;

    /// <summary>Whether to append the beginning of an answer after the last turn; true by default.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    private bool PrintMembers(StringBuilder builder)
    {
        var turns = Messages.ValueKind == JsonValueKind.Array ? Messages.GetArrayLength() : 0;
        builder.Append(CultureInfo.InvariantCulture, $"Messages = {turns}, AddGenerationPrompt = {AddGenerationPrompt}");
        return true;
    }
}
