using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Sdk.Naming;

namespace Helios.Cli.Files;

/// <summary>An object of a JSON file, read so that every message names the file and the field.</summary>
internal readonly struct StrictObject
{
    private readonly string place;
    private readonly JsonElement element;

    /// <param name="place">File, and field where the object lies: <c>pool.json: models[0]</c>.</param>
    /// <param name="element">The object.</param>
    /// <exception cref="FileException">It is no object.</exception>
    public StrictObject(string place, JsonElement element)
    {
        this.place = place;
        this.element = element;
        if (element.ValueKind != JsonValueKind.Object) throw new FileException($"{place} is {Describe(element)}; expected an object.");
    }

    /// <summary>Refuses fields that nothing reads.</summary>
    public void HasOnly(params ReadOnlySpan<string> fields)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!fields.Contains(property.Name)) throw new FileException($"{At(property.Name)} is not known; expected {string.Join(", ", fields)}.{NearMiss.Ask(property.Name, fields.ToArray())}");
        }
    }

    public JsonElement? Optional(string field) => element.TryGetProperty(field, out var value) ? value : null;

    public JsonElement Required(string field, string expected) =>
        Optional(field) ?? throw Missing(field, expected);

    public string? OptionalString(string field, string expected) => Optional(field) is { } value ? String(field, value, expected) : null;

    public string RequiredString(string field, string expected) => String(field, Required(field, expected), expected);

    public FileException Missing(string field, string expected) => new($"{At(field)} is missing; expected {expected}.");

    public FileException Wrong(string field, JsonElement found, string expected) =>
        new($"{At(field)} is {Describe(found)}; expected {expected}.");

    /// <summary>Where a field lies.</summary>
    public string At(string field) => place.EndsWith(':') ? $"{place} {field}" : $"{place}.{field}";

    private string String(string field, JsonElement value, string expected)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text) return text;
        throw Wrong(field, value, expected);
    }

    private static string Describe(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 60 ? text : $"{text[..57]}...";
    }
}
