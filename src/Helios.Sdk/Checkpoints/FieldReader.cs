using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// One value of a JSON file that knows where it stands, so that every refusal names file and field, found and expected.
/// <c>null</c> counts as absent, as it does in Hugging Face configs.
/// </summary>
internal readonly struct FieldReader(string file, string path, JsonElement element)
{
    /// <summary>The file, as errors name it.</summary>
    public string File => file;

    /// <summary>The field's place in the file, e.g. <c>exits[1].norm</c>.</summary>
    public string Path => path;

    public bool IsArray => element.ValueKind == JsonValueKind.Array;

    public bool IsObject => element.ValueKind == JsonValueKind.Object;

    /// <summary>Finds a field of this object; false when it is absent or null.</summary>
    public bool TryGet(string name, out FieldReader field)
    {
        var found = element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        field = found ? Child(name, value) : default;
        return found;
    }

    /// <summary>Whether the object has the key at all, be it with a null.</summary>
    public bool HasKey(string name) => element.TryGetProperty(name, out _);

    public FieldReader Required(string name, string expected) =>
        TryGet(name, out var field) ? field : throw CheckpointError.Field(file, Join(name), "missing", expected);

    public int Int(string name, int min, int max, int? fallback = null)
    {
        if (fallback is { } value && !TryGet(name, out _)) return value;
        return Required(name, WholeNumber(min, max)).AsInt(min, max);
    }

    public double Number(string name, double fallback) => TryGet(name, out var field) ? field.AsNumber() : fallback;

    public bool Flag(string name, bool fallback) => TryGet(name, out var field) ? field.AsFlag() : fallback;

    public string? Text(string name) => TryGet(name, out var field) ? field.AsText() : null;

    public int AsInt(int min, int max)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= min && value <= max)
            return value;
        throw Fail(WholeNumber(min, max));
    }

    public long AsLong(long min, long max)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var value) && value >= min && value <= max) return value;
        throw Fail(Invariant($"a whole number from {min} to {max}"));
    }

    public double AsNumber(double min, double max)
    {
        var value = AsNumber();
        return value >= min && value <= max ? value : throw Fail(max == double.MaxValue ? Invariant($"a number of at least {min}") : Invariant($"a number from {min} to {max}"));
    }

    public double AsNumber()
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value)) return value;
        throw Fail("a finite number");
    }

    public bool AsFlag() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fail("true or false"),
    };

    public string AsText() => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Fail("a string");

    public FieldReader AsObject() => element.ValueKind == JsonValueKind.Object ? this : throw Fail("an object");

    public int ArrayLength(string expected) => IsArray ? element.GetArrayLength() : throw Fail(expected);

    public IEnumerable<FieldReader> Items(string expected)
    {
        ArrayLength(expected);
        return Enumerate(file, path, element);

        static IEnumerable<FieldReader> Enumerate(string file, string path, JsonElement array)
        {
            var index = 0;
            foreach (var item in array.EnumerateArray()) yield return new FieldReader(file, Invariant($"{path}[{index++}]"), item);
        }
    }

    public IEnumerable<(string Name, FieldReader Value)> Properties()
    {
        var self = AsObject();
        foreach (var property in element.EnumerateObject())
            yield return (property.Name, self.Child(property.Name, property.Value));
    }

    /// <summary>Refuses keys outside <paramref name="known"/>: one that is misspelt must not pass for one that is absent.</summary>
    public void OnlyKeys(params string[] known)
    {
        foreach (var (name, field) in Properties())
        {
            if (!known.Contains(name, StringComparer.Ordinal))
                throw CheckpointError.Field(file, field.Path, "unknown", $"one of {string.Join(", ", known)}");
        }
    }

    public CheckpointException Fail(string expected) => CheckpointError.Field(file, path, element.GetRawText(), expected);

    private static string WholeNumber(int min, int max) =>
        max == int.MaxValue ? Invariant($"a whole number from {min} up to 2^31 - 1") : Invariant($"a whole number from {min} to {max}");

    private FieldReader Child(string name, JsonElement value) => new(file, Join(name), value);

    private string Join(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
