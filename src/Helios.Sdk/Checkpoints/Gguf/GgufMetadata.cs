using System.Buffers.Binary;
using System.Text;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>Types of metadata values, with the numbers of the format.</summary>
internal enum GgufValueType
{
    UInt8,
    Int8,
    UInt16,
    Int16,
    UInt32,
    Int32,
    Float32,
    Bool,
    Text,
    Array,
    UInt64,
    Int64,
    Float64,
}

/// <summary>Where the value of a key lies.</summary>
/// <param name="Type">Its type; of an array, that of its items.</param>
/// <param name="Count">Items of an array; -1 for a single value.</param>
/// <param name="Position">Its first byte in the header, behind types and counts.</param>
internal readonly record struct GgufValue(GgufValueType Type, long Count, int Position);

/// <summary>
/// The metadata of a GGUF file: values by key, decoded when they are asked for. Every read checks the type, and every refusal names file, key, what
/// was found and what was expected. Immutable.
/// </summary>
/// <param name="path">The file, as errors name it.</param>
/// <param name="header">Bytes of the header; values count from its start.</param>
/// <param name="values">Where values lie, checked to be inside.</param>
internal sealed class GgufMetadata(string path, ReadOnlyMemory<byte> header, IReadOnlyDictionary<string, GgufValue> values)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file, as errors name it.</summary>
    public string Path => path;

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>Items of an array; null without the key.</summary>
    public long? CountOf(string key) => values.TryGetValue(key, out var value) ? RequireArray(key, value).Count : null;

    /// <summary>A text; null without the key.</summary>
    public string? Text(string key)
    {
        const string Expected = "a string";
        if (!values.TryGetValue(key, out var value)) return null;
        if (value.Type != GgufValueType.Text || value.Count >= 0) throw Bad(key, value, Expected);
        return TextAt(key, value.Position, out _);
    }

    /// <summary>A text of a key that must be there.</summary>
    public string RequiredText(string key, string expected) => Text(key) ?? throw Missing(key, expected);

    /// <summary>A whole number within bounds; null without the key.</summary>
    public long? Whole(string key, long least, long most)
    {
        if (!values.TryGetValue(key, out var value)) return null;
        var expected = Invariant($"a whole number from {least} to {most}");
        if (value.Count >= 0 || WholeAt(value, 0) is not { } number) throw Bad(key, value, expected);
        return number >= least && number <= most ? (long)number : throw CheckpointError.Field(path, key, Invariant($"{number}"), expected);
    }

    /// <summary>A whole number of a key that must be there.</summary>
    public int Size(string key, int most = int.MaxValue) =>
        (int)(Whole(key, 1, most) ?? throw Missing(key, Invariant($"a whole number from 1 to {most}")));

    /// <summary>A finite number; null without the key. Of single precision it is the shortest decimal that rounds to it.</summary>
    public double? Number(string key)
    {
        const string Expected = "a finite number";
        if (!values.TryGetValue(key, out var value)) return null;
        if (value.Count >= 0 || value.Type is not (GgufValueType.Float32 or GgufValueType.Float64)) throw Bad(key, value, Expected);
        var number = FloatAt(value, 0);
        return double.IsFinite(number) ? number : throw CheckpointError.Field(path, key, Invariant($"{number}"), Expected);
    }

    /// <summary>A flag; null without the key.</summary>
    public bool? Flag(string key)
    {
        if (!values.TryGetValue(key, out var value)) return null;
        if (value.Count >= 0 || value.Type != GgufValueType.Bool) throw Bad(key, value, "true or false");
        return header.Span[value.Position] != 0;
    }

    /// <summary>Texts of an array; null without the key.</summary>
    public string[]? Texts(string key)
    {
        const string Expected = "an array of strings";
        if (!values.TryGetValue(key, out var value)) return null;
        if (RequireArray(key, value).Type != GgufValueType.Text) throw Bad(key, value, Expected);
        var texts = new string[value.Count];
        var position = value.Position;
        for (var i = 0; i < texts.Length; i++) texts[i] = TextAt(key, position, out position);
        return texts;
    }

    /// <summary>Whole numbers of an array; null without the key.</summary>
    public int[]? Wholes(string key)
    {
        const string Expected = "an array of whole numbers of 32 bits";
        if (!values.TryGetValue(key, out var value)) return null;
        RequireArray(key, value);
        var numbers = new int[value.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = WholeAt(value, i) is { } number && number >= int.MinValue && number <= int.MaxValue ? (int)number : throw Bad(key, value, Expected);
        return numbers;
    }

    /// <summary>Numbers of single precision of an array; null without the key.</summary>
    public float[]? Numbers(string key)
    {
        if (!values.TryGetValue(key, out var value)) return null;
        if (RequireArray(key, value).Type != GgufValueType.Float32) throw Bad(key, value, "an array of numbers of 32 bits");
        var numbers = new float[value.Count];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = BinaryPrimitives.ReadSingleLittleEndian(header.Span[(value.Position + 4 * i)..]);
        return numbers;
    }

    public CheckpointException Missing(string key, string expected) => CheckpointError.Field(path, key, "missing", expected);

    /// <summary>Bytes of a value of a type; 0 for texts and arrays, which say their lengths.</summary>
    public static int BytesOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    private GgufValue RequireArray(string key, GgufValue value) => value.Count >= 0 ? value : throw Bad(key, value, "an array");

    private string TextAt(string key, int position, out int end)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(header.Span[position..]);
        end = position + sizeof(ulong) + length;
        try
        {
            return Strict.GetString(header.Span.Slice(position + sizeof(ulong), length));
        }
        catch (DecoderFallbackException)
        {
            throw CheckpointError.Field(path, key, "text that is not valid UTF-8", "valid UTF-8");
        }
    }

    private Int128? WholeAt(GgufValue value, int index)
    {
        var bytes = header.Span[(value.Position + BytesOf(value.Type) * index)..];
        return value.Type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            _ => null,
        };
    }

    // A float that is widened bit by bit would have digits that nobody wrote: 9.999999747378752e-06 for 1e-5.
    private double FloatAt(GgufValue value, int index)
    {
        var bytes = header.Span[(value.Position + BytesOf(value.Type) * index)..];
        return value.Type == GgufValueType.Float64 ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : Shortest(BinaryPrimitives.ReadSingleLittleEndian(bytes));

        static double Shortest(float number) => double.Parse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);
    }

    private CheckpointException Bad(string key, GgufValue value, string expected) =>
        CheckpointError.Field(path, key, value.Count >= 0 ? Invariant($"an array of {value.Count} values of type {value.Type}") : $"of type {value.Type}", expected);
}
