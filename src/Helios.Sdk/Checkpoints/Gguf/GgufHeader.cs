using System.Buffers.Binary;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The header of a GGUF file: metadata, and the table of tensors, held against the length of the file. The format is that of versions 2 and 3,
/// which differ in nothing else, in little endian.
/// </summary>
/// <param name="Metadata">Values by key.</param>
/// <param name="Entries">Tensors by name; their shapes have the outermost dimension first, as elsewhere.</param>
/// <param name="Bytes">All bytes in front of the data.</param>
internal sealed record GgufHeader(GgufMetadata Metadata, IReadOnlyDictionary<string, TensorEntry> Entries, byte[] Bytes)
{
    private const uint Magic = 0x46554747; // "GGUF"

    /// <summary>Longest key; the format says 65,535 bytes.</summary>
    private const int LongestKey = ushort.MaxValue;

    /// <summary>Longest name of a tensor; llama.cpp takes 63 bytes.</summary>
    private const int LongestName = 255;

    private const int MostDimensions = 4;
    private const int DefaultAlignment = 32;

    /// <exception cref="CheckpointException">The file is not of the format, damaged, or contradicts itself.</exception>
    public static GgufHeader Read(OpenFile file)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(file.Length, GitLfsPointer.Prefix)];
        file.Fill("header", 0, start);
        GitLfsPointer.Refuse(file.Path, start);
        var reader = new GgufReader(file);
        RequireVersion(reader);
        var (tensors, keys) = (reader.UInt64("the number of tensors"), reader.UInt64("the number of keys"));
        var values = ReadKeys(reader, keys);
        var infos = ReadTensors(reader, tensors);

        // The reader's buffer may move as it grows: what it holds now is final but for the padding.
        var metadata = new GgufMetadata(file.Path, reader.Filled, values);
        var alignment = metadata.Whole("general.alignment", 1, 1 << 30) ?? DefaultAlignment;
        if (!System.Numerics.BitOperations.IsPow2(alignment) || alignment % 8 != 0)
            throw CheckpointError.Field(file.Path, "general.alignment", Invariant($"{alignment}"), "a power of two from 8 on");
        var dataStart = Align(reader.Position, alignment);
        if (dataStart > file.Length || dataStart > TensorFile.LongestHeader)
            throw CheckpointError.File(file.Path, Invariant($"has {file.Length} bytes, but its data would begin at byte {dataStart}"));
        var entries = GgufLayout.Check(file.Path, infos, alignment, file.Length - dataStart);
        return new GgufHeader(metadata, entries, reader.UpTo((int)dataStart));
    }

    /// <summary>The next multiple of the alignment.</summary>
    public static long Align(long position, long alignment) => (position + alignment - 1) / alignment * alignment;

    private static void RequireVersion(GgufReader reader)
    {
        if (reader.UInt32("its magic number") != Magic) throw CheckpointError.File(reader.Path, "does not begin with 'GGUF': this is not a GGUF file");
        var version = reader.UInt32("its version");
        if (version is 2 or 3) return;
        if (BinaryPrimitives.ReverseEndianness(version) is > 0 and < 100)
            throw CheckpointError.File(reader.Path, "is a big-endian GGUF file, which is not supported: expected little-endian");
        throw CheckpointError.File(reader.Path, Invariant($"is GGUF of version {version}, expected 2 or 3"));
    }

    private static Dictionary<string, GgufValue> ReadKeys(GgufReader reader, ulong count)
    {
        var values = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (var i = 0UL; i < count; i++)
        {
            var key = reader.Text(LongestKey, "a key of the metadata");
            if (key.Length == 0) throw CheckpointError.File(reader.Path, "has a key of the metadata that is empty");
            if (!values.TryAdd(key, ReadValue(reader, key))) throw CheckpointError.Field(reader.Path, key, "there twice", "every key once");
        }

        return values;
    }

    private static GgufValue ReadValue(GgufReader reader, string key)
    {
        var what = $"the value of '{CheckpointError.Show(key)}'";
        var type = ReadType(reader, key, what);
        if (type != GgufValueType.Array)
        {
            var position = reader.Position;
            Skip(reader, type, what);
            return new GgufValue(type, -1, position);
        }

        var item = ReadType(reader, key, what);
        if (item == GgufValueType.Array) throw CheckpointError.Field(reader.Path, key, "an array of arrays", "an array of single values");
        var count = reader.UInt64(what);
        var first = reader.Position;
        if (GgufMetadata.BytesOf(item) is > 0 and var size)
        {
            if (count > (ulong)reader.Remaining / (ulong)size) throw TooMany();
            reader.Skip(count * (ulong)size, what);
        }
        else
        {
            if (count > (ulong)reader.Remaining / sizeof(ulong)) throw TooMany();
            for (var i = 0UL; i < count; i++) Skip(reader, item, what);
        }

        return new GgufValue(item, (long)count, first);

        CheckpointException TooMany() => CheckpointError.Field(reader.Path, key, Invariant($"an array of {count} values"), Invariant($"no more than the {reader.Remaining} bytes behind it hold"));
    }

    private static void Skip(GgufReader reader, GgufValueType type, string what) =>
        reader.Skip(GgufMetadata.BytesOf(type) is > 0 and var size ? (ulong)size : reader.UInt64(what), what);

    private static GgufValueType ReadType(GgufReader reader, string key, string what)
    {
        var type = reader.UInt32(what);
        return type <= (uint)GgufValueType.Float64 ? (GgufValueType)type : throw CheckpointError.Field(reader.Path, key, Invariant($"of type {type}"), Invariant($"a type from 0 to {(int)GgufValueType.Float64}"));
    }

    private static List<GgufTensor> ReadTensors(GgufReader reader, ulong count)
    {
        var tensors = new List<GgufTensor>();
        for (var i = 0UL; i < count; i++)
        {
            var name = reader.Text(LongestName, "the name of a tensor");
            if (name.Length == 0) throw CheckpointError.File(reader.Path, "has a tensor without a name");
            var what = $"the entry of tensor '{CheckpointError.Show(name)}'";
            var dimensions = reader.UInt32(what);
            if (dimensions is 0 or > MostDimensions) throw CheckpointError.Tensor(reader.Path, name, Invariant($"has {dimensions} dimensions, expected 1 to {MostDimensions}"));
            var shape = new ulong[dimensions];
            for (var d = 0; d < shape.Length; d++) shape[shape.Length - 1 - d] = reader.UInt64(what);
            tensors.Add(new GgufTensor(name, shape, reader.UInt32(what), reader.UInt64(what)));
        }

        return tensors;
    }
}

/// <summary>A tensor as the table says it, not checked.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Type">Number of its type.</param>
/// <param name="Offset">First byte, counted from the start of the data.</param>
internal readonly record struct GgufTensor(string Name, ulong[] Shape, uint Type, ulong Offset);
