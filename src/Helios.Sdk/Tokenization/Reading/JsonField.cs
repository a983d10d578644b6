using System.Globalization;
using System.Text.Json;

namespace Helios.Sdk.Tokenization.Reading;

/// <summary>
/// One value of a JSON file that nobody vouches for, with its place in the file: every read checks the type, and every
/// refusal names file, field, what was found and what was expected.
/// </summary>
internal readonly struct JsonField(string file, string path, JsonElement? element)
{
    private const int LongestQuote = 60;

    public string File => file;

    public bool IsNull => element is null or { ValueKind: JsonValueKind.Null };

    public bool IsObject => element is { ValueKind: JsonValueKind.Object };

    public bool IsArray => element is { ValueKind: JsonValueKind.Array };

    /// <summary>The value of <c>type</c>, which names the variant of a component.</summary>
    public string Type => this["type"].AsString();

    /// <summary>A member of an object; a missing one reads as null and is named when it is required.</summary>
    public JsonField this[string name]
    {
        get
        {
            if (!IsObject) throw Bad("an object");
            var child = element!.Value.TryGetProperty(name, out var found) ? found : (JsonElement?)null;
            return new JsonField(file, path.Length == 0 ? name : $"{path}.{name}", child);
        }
    }

    public string AsString() => TryText() ?? throw Bad("a string");

    public string? AsStringOrNull() => IsNull ? null : AsString();

    public bool AsBool() => element?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad("true or false"),
    };

    public bool AsBool(bool whenMissing) => IsNull ? whenMissing : AsBool();

    /// <summary>An id: a whole number in [0, <paramref name="limit"/>).</summary>
    public int AsId(int limit) =>
        element is { ValueKind: JsonValueKind.Number } && element.Value.TryGetInt32(out var id) && id >= 0 && id < limit
            ? id
            : throw Bad(string.Create(CultureInfo.InvariantCulture, $"an id from 0 to {limit - 1}"));

    public IEnumerable<JsonField> Items()
    {
        if (!IsArray) throw Bad("an array");
        return ReadItems(file, path, element!.Value);
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        if (!IsObject) throw Bad("an object");
        return ReadMembers(this, file, path, element!.Value);
    }

    /// <summary>The refusal of this value.</summary>
    /// <param name="expected">What would have been accepted.</param>
    public CheckpointException Bad(string expected) => Bad(Found(), expected);

    /// <summary>The refusal of this value, with words of one's own for what was found.</summary>
    public CheckpointException Bad(string found, string expected) =>
        new($"{file}: {(path.Length == 0 ? "the file" : path)} is {found}; expected {expected}.");

    private static IEnumerable<JsonField> ReadItems(string file, string path, JsonElement array)
    {
        var index = 0;
        foreach (var item in array.EnumerateArray())
            yield return new JsonField(file, Invariant($"{path}[{index++}]"), item);
    }

    private static IEnumerable<(string Name, JsonField Value)> ReadMembers(
        JsonField owner, string file, string path, JsonElement @object)
    {
        foreach (var member in @object.EnumerateObject())
        {
            string name;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException)
            {
                throw owner.Bad("an object with a name that is not Unicode text", "names in Unicode");
            }

            yield return (name, new JsonField(file, $"{path}[\"{Shorten(name)}\"]", member.Value));
        }
    }

    private static string Shorten(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";

    /// <summary>Null for what is not a string, and for a string with half a surrogate pair, which JSON can spell.</summary>
    private string? TryText()
    {
        if (element is not { ValueKind: JsonValueKind.String }) return null;
        try
        {
            return element.Value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private string Found() => element?.ValueKind switch
    {
        null => "missing",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => TryText() is { } text ? $"\"{Shorten(text)}\"" : "a string that is not Unicode text",
        _ => Shorten(element!.Value.GetRawText()),
    };
}
