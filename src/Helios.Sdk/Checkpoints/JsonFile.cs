using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>Parses the small JSON files of a checkpoint: depth is bounded, and a key that comes twice is refused.</summary>
internal static class JsonFile
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Hands the root object of the file to <paramref name="read"/>.</summary>
    /// <param name="path">Named in errors.</param>
    /// <param name="bytes">What the file holds.</param>
    /// <param name="read">Turns the root into a result; must not keep it.</param>
    public static T Parse<T>(string path, ReadOnlyMemory<byte> bytes, Func<FieldReader, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw CheckpointError.File(path, $"holds a JSON {document.RootElement.ValueKind}, expected an object");
            return read(new FieldReader(path, "", document.RootElement));
        }
        catch (JsonException e)
        {
            throw CheckpointError.File(path, $"is not valid JSON: {CheckpointError.Show(e.Message.TrimEnd('.'))}", e);
        }
        catch (InvalidOperationException e)
        {
            // System.Text.Json finds ill-formed UTF-8 and lone surrogates only when a string is asked for, and says so this way.
            throw CheckpointError.File(path, "holds text that is not valid Unicode", e);
        }
    }
}
