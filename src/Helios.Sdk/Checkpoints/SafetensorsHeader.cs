using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>
/// Parses the JSON header of a safetensors file, token by token: nothing is built but the entries, and every number stays a
/// number until <see cref="SafetensorsLayout"/> has held it against the file.
/// </summary>
internal ref struct SafetensorsHeader
{
    /// <summary>No framework has tensors of more dimensions.</summary>
    private const int MostDimensions = 64;

    private readonly string file;
    private Utf8JsonReader json;

    private SafetensorsHeader(string file, ReadOnlySpan<byte> json)
    {
        this.file = file;
        this.json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
    }

    public static Dictionary<string, TensorEntry> Parse(string file, ReadOnlySpan<byte> json)
    {
        try
        {
            return new SafetensorsHeader(file, json).ReadEntries();
        }
        catch (JsonException e)
        {
            throw CheckpointError.File(file, $"header is not valid JSON: {CheckpointError.Show(e.Message.TrimEnd('.'))}", e);
        }
        catch (InvalidOperationException e)
        {
            // Ill-formed UTF-8 and lone surrogates are found only when a string is asked for, and reported this way.
            throw CheckpointError.File(file, "header holds text that is not valid Unicode", e);
        }
    }

    private Dictionary<string, TensorEntry> ReadEntries()
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw CheckpointError.File(file, $"header is a JSON {json.TokenType}, expected an object");

        var entries = new Dictionary<string, TensorEntry>(StringComparer.Ordinal);
        var metadataSeen = false;
        while (NextProperty())
        {
            var name = json.GetString()!;
            if (name == "__metadata__")
            {
                if (metadataSeen) throw CheckpointError.File(file, "header has __metadata__ twice");
                metadataSeen = true;
                SkipMetadata();
            }
            else if (!entries.TryAdd(name, ReadEntry(name)))
            {
                throw CheckpointError.Tensor(file, name, "is in the header twice");
            }
        }

        json.Read(); // anything but white space after the object throws
        return entries;
    }

    private TensorEntry ReadEntry(string name)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw CheckpointError.Tensor(file, name, $"is a JSON {json.TokenType}, expected an object");

        ElementType? type = null;
        long[]? shape = null, offsets = null;
        while (NextProperty())
        {
            if (type is null && json.ValueTextEquals("dtype"u8)) type = ReadType(name);
            else if (shape is null && json.ValueTextEquals("shape"u8)) shape = ReadNumbers(name, "shape", MostDimensions);
            else if (offsets is null && json.ValueTextEquals("data_offsets"u8)) offsets = ReadNumbers(name, "data_offsets", 2);
            else throw CheckpointError.Tensor(file, name, $"has '{CheckpointError.Show(json.GetString()!)}' twice or unknown, expected dtype, shape and data_offsets once");
        }

        if (type is null || shape is null || offsets is not [var begin, var end])
            throw CheckpointError.Tensor(file, name, "lacks one of dtype, shape and data_offsets, or has other than two data_offsets");
        return new TensorEntry(name, type.Value, shape, begin, end);
    }

    private ElementType ReadType(string name)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.String)
            throw CheckpointError.Tensor(file, name, $"has a dtype that is a JSON {json.TokenType}, expected a string");
        var text = json.GetString()!;
        return SafetensorsTypes.TryParse(text, out var type)
            ? type
            : throw CheckpointError.Tensor(file, name, $"has dtype '{CheckpointError.Show(text)}', expected one the safetensors format knows");
    }

    private long[] ReadNumbers(string name, string field, int most)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartArray)
            throw CheckpointError.Tensor(file, name, $"has a {field} that is a JSON {json.TokenType}, expected a list of whole numbers");

        var numbers = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var number) || number < 0)
                throw CheckpointError.Tensor(file, name, $"has a {field} that is not a list of whole numbers from 0 up to 2^63 - 1");
            if (numbers.Count == most)
                throw CheckpointError.Tensor(file, name, Invariant($"has a {field} of more than {most} numbers"));
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private void SkipMetadata()
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw CheckpointError.File(file, $"header has __metadata__ that is a JSON {json.TokenType}, expected an object");
        while (NextProperty())
        {
            if (!json.Read() || json.TokenType != JsonTokenType.String)
                throw CheckpointError.File(file, "header has __metadata__ with a value that is not a string");
        }
    }

    /// <summary>Moves to the next property name; false at the end of the object.</summary>
    private bool NextProperty() => json.Read() && json.TokenType == JsonTokenType.PropertyName;
}
