using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>Small JSON files. Read strictly: depth is bounded, and a key that comes twice is refused. Written whole or not at all.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Hands the root object of the file to <paramref name="read"/>.</summary>
    /// <param name="path">Named in errors.</param>
    /// <param name="bytes">What the file holds.</param>
    /// <param name="read">Turns the root into a result; must not keep it.</param>
    public static T Parse<T>(string path, ReadOnlyMemory<byte> bytes, Func<JsonField, T> read)
    {
        try
        {
            using var document = JsonText.Parse(bytes, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw CheckpointError.File(path, $"holds a JSON {document.RootElement.ValueKind}, expected an object");
            return read(new JsonField(path, "", document.RootElement));
        }
        catch (JsonException e)
        {
            throw CheckpointError.File(path, $"is not valid JSON{BrokenJson.Place(bytes.Span)}: {CheckpointError.Show(e.Message.TrimEnd('.'))}", e);
        }
        catch (InvalidOperationException e)
        {
            // System.Text.Json finds ill-formed UTF-8 and lone surrogates only when a string is asked for, and says so this way.
            throw CheckpointError.File(path, "holds text that is not valid Unicode", e);
        }
    }

    /// <summary>Writes a file of a format, over one of the same format alone; see <see cref="WholeFile"/>.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="format">What the file is, and what one that is there must be.</param>
    /// <param name="write">Writes the root value.</param>
    /// <exception cref="IOException">
    /// Another file is there, the file system failed, or there is more than will be read again; what was there before is still there.
    /// </exception>
    public static void Write(string path, JsonFormat format, Action<Utf8JsonWriter> write)
    {
        format.RefuseOther(path);
        WholeFile.Write(path, stream =>
        {
            using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true })) write(json);
            if (stream.CanSeek && stream.Length > format.Longest) throw new IOException(Invariant($"{path} would have {stream.Length} bytes, and is read again with at most {format.Longest}."));
        });
    }
}
