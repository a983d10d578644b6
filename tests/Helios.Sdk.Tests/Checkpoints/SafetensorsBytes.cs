using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>A tensor to write.</summary>
public sealed record RawTensor(string Name, string Type, long[] Shape, byte[] Bytes);

/// <summary>Writes the safetensors format: well-formed, or with whatever header a hostile file would have.</summary>
public static class SafetensorsBytes
{
    /// <summary>A well-formed file, its header padded to 8 bytes as the reference implementation does.</summary>
    public static byte[] Of(params IReadOnlyCollection<RawTensor> tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            header[tensor.Name] = Entry(tensor.Type, tensor.Shape, offset, offset + tensor.Bytes.Length);
            offset += tensor.Bytes.Length;
        }

        return WithHeader(header.ToJsonString(), [.. tensors.SelectMany(tensor => tensor.Bytes)]);
    }

    /// <summary>One entry of a header.</summary>
    public static JsonObject Entry(string type, long[] shape, long begin, long end) => new()
    {
        ["dtype"] = type,
        ["shape"] = new JsonArray([.. shape.Select(dimension => JsonValue.Create(dimension))]),
        ["data_offsets"] = new JsonArray(begin, end),
    };

    /// <summary>Any text as header, before any data.</summary>
    public static byte[] WithHeader(string header, byte[] data) => WithHeader(Encoding.UTF8.GetBytes(header), data);

    /// <summary>Any bytes as header, before any data.</summary>
    public static byte[] WithHeader(byte[] header, byte[] data)
    {
        var padded = (header.Length + 7) / 8 * 8;
        var file = new byte[8 + padded + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, padded);
        file.AsSpan(8, padded).Fill((byte)' ');
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + padded);
        return file;
    }
}
