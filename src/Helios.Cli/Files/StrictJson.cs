using System.Text.Json;
using Helios.Cli.Errors;
using Helios.Sdk.Checkpoints;

namespace Helios.Cli.Files;

/// <summary>Parses JSON of a file: a key that comes twice is refused, and what is broken is reported with its place.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <param name="place">What errors begin with, ending with a colon: <c>pool.json:</c>.</param>
    /// <param name="what">What the JSON is: the file, the line.</param>
    /// <param name="utf8">The JSON.</param>
    /// <param name="read">Turns the root into a result; must not keep it.</param>
    /// <exception cref="FileException">It is no JSON.</exception>
    public static T Read<T>(string place, string what, ReadOnlyMemory<byte> utf8, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonText.Parse(utf8, Options);
            return read(document.RootElement);
        }
        catch (JsonException error)
        {
            var line = utf8.Span.Contains((byte)'\n') ? Invariant($", line {error.LineNumber + 1}") : "";
            throw new FileException($"{place} {what} is not valid JSON{line}{BrokenJson.Place(utf8.Span)} ({error.Message}).");
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json finds ill-formed UTF-8 and lone surrogates only when a string is asked for, and says so this way.
            throw new FileException($"{place} {what} holds text that is not valid Unicode.");
        }
    }
}
