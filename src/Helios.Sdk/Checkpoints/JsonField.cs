using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// One value of a JSON file that is not trusted, with its place in the file: every read checks the type, and every refusal names
/// file, field, what was found and what was expected. <c>null</c> counts as absent, as it does in Hugging Face configs.
/// </summary>
/// <param name="file">The file, as errors name it.</param>
/// <param name="path">The field's place in the file, e.g. <c>exits[1].norm</c>; empty for the whole document.</param>
/// <param name="element">The value; null when the field is missing.</param>
internal readonly struct JsonField(string file, string path, JsonElement? element)
{
    /// <summary>The file, as errors name it.</summary>
    public string File => file;

    /// <summary>The field's place in the file.</summary>
    public string Path => path;

    /// <summary>Whether it is missing or null.</summary>
    public bool IsNull => element is null or { ValueKind: JsonValueKind.Null };

    public bool IsArray => element is { ValueKind: JsonValueKind.Array };

    public bool IsObject => element is { ValueKind: JsonValueKind.Object };

    /// <summary>The value of <c>type</c>, which names the variant of a component.</summary>
    public string Type => this["type"].AsText();

    /// <summary>A member of an object; a missing one reads as null and is named when it is required.</summary>
    public JsonField this[string name] => new(file, Join(name), Object().TryGetProperty(name, out var found) ? found : null);

    /// <summary>Finds a field of this object; false when it is absent or null.</summary>
    public bool TryGet(string name, out JsonField field)
    {
        field = this[name];
        return !field.IsNull;
    }

    /// <summary>Whether the object has the key at all, be it with a null.</summary>
    public bool HasKey(string name) => Object().TryGetProperty(name, out _);

    /// <summary>A field of this object.</summary>
    /// <exception cref="CheckpointException">It is absent or null.</exception>
    public JsonField Required(string name, string expected) => TryGet(name, out var field) ? field : throw field.Bad("missing", expected);

    public int Int(string name, int min, int max, int? fallback = null)
    {
        if (fallback is { } value && !TryGet(name, out _)) return value;
        return Required(name, WholeNumber(min, max)).AsInt(min, max);
    }

    public double Number(string name, double fallback) => TryGet(name, out var field) ? field.AsNumber() : fallback;

    public bool Flag(string name, bool fallback) => TryGet(name, out var field) ? field.AsFlag() : fallback;

    public string? Text(string name) => TryGet(name, out var field) ? field.AsText() : null;

    public int AsInt(int min, int max) =>
        element is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) && value >= min && value <= max ? value : throw Bad(WholeNumber(min, max));

    public long AsLong(long min, long max) =>
        element is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) && value >= min && value <= max ? value : throw Bad(Invariant($"a whole number from {min} to {max}"));

    /// <summary>An id: a whole number in [0, <paramref name="limit"/>).</summary>
    public int AsId(int limit) =>
        element is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var id) && id >= 0 && id < limit ? id : throw Bad(Invariant($"an id from 0 to {limit - 1}"));

    public double AsNumber(double min, double max) =>
        AsNumber() is var value && value >= min && value <= max ? value : throw Bad(max == double.MaxValue ? Invariant($"a number of at least {min}") : Invariant($"a number from {min} to {max}"));

    public double AsNumber() =>
        element is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw Bad("a finite number");

    public bool AsFlag() => element?.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad("true or false"),
    };

    public bool AsFlag(bool whenMissing) => IsNull ? whenMissing : AsFlag();

    public string AsText() => TryText() ?? throw Bad("a string");

    /// <summary>Whether it is a value that changes nothing: false, 0, another number that does not, or what is empty.</summary>
    public bool IsNeutral(double number) => element?.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Number => element.Value.TryGetDouble(out var value) && (value == 0 || value == number),
        JsonValueKind.Array => element.Value.GetArrayLength() == 0,
        JsonValueKind.Object => element.Value.GetPropertyCount() == 0,
        JsonValueKind.String => TryText() is "",
        _ => IsNull,
    };

    public string? AsTextOrNull() => IsNull ? null : AsText();

    public JsonField AsObject() => IsObject ? this : throw Bad("an object");

    public int ArrayLength(string expected) => IsArray ? element!.Value.GetArrayLength() : throw Bad(expected);

    public IEnumerable<JsonField> Items(string expected = "an array")
    {
        ArrayLength(expected);
        return Enumerate(file, path, element!.Value);

        static IEnumerable<JsonField> Enumerate(string file, string path, JsonElement array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray()) yield return new JsonField(file, Invariant($"{path}[{index++}]"), item);
        }
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        return Enumerate(this, Object());

        static IEnumerable<(string Name, JsonField Value)> Enumerate(JsonField owner, JsonElement members)
        {
            foreach (var member in members.EnumerateObject())
            {
                string name;
                try
                {
                    name = member.Name;
                }
                catch (InvalidOperationException)
                {
                    // JSON can spell half of a surrogate pair.
                    throw owner.Bad("an object with a name that is not Unicode text", "names in Unicode");
                }

                yield return (name, new JsonField(owner.File, owner.Join(name), member.Value));
            }
        }
    }

    /// <summary>Refuses keys outside <paramref name="known"/>: one that is misspelt must not pass for one that is absent.</summary>
    public void OnlyKeys(params string[] known)
    {
        foreach (var (name, field) in Members())
        {
            if (!known.Contains(name, StringComparer.Ordinal)) throw field.Bad("unknown", $"one of {string.Join(", ", known)}");
        }
    }

    /// <summary>The refusal of this value.</summary>
    /// <param name="expected">What would have been accepted.</param>
    public CheckpointException Bad(string expected) => Bad(Found(), expected);

    /// <summary>The refusal of this value, with words of one's own for what was found.</summary>
    public CheckpointException Bad(string found, string expected) => CheckpointError.Field(file, path, found, expected);

    private static string WholeNumber(int min, int max) =>
        max == int.MaxValue ? Invariant($"a whole number from {min} up to 2^31 - 1") : Invariant($"a whole number from {min} to {max}");

    private JsonElement Object() => IsObject ? element!.Value : throw Bad("an object");

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
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => TryText() is { } text ? $"\"{CheckpointError.Show(text)}\"" : "a string that is not Unicode text",
        _ => CheckpointError.Show(element!.Value.GetRawText()),
    };

    /// <summary>A name of a file's own, a token of a vocabulary say, stands in quotes.</summary>
    private string Join(string name)
    {
        if (!name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-')) return $"{path}[\"{name}\"]";
        return path.Length == 0 ? name : $"{path}.{name}";
    }
}
