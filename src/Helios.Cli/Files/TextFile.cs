using System.Text.Json;
using Helios.Cli.Errors;

namespace Helios.Cli.Files;

/// <summary>
/// Reads texts as the name of their file says: <c>.jsonl</c>, an object a line; <c>.json</c>, a list of objects, each with
/// its text as <c>text</c> or <c>prompt</c>; any other is plain text, cut at blank lines.
/// </summary>
internal static class TextFile
{
    /// <exception cref="FileException">The file is unusable; the message names it, and the line or object.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        var texts = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" => JsonLines.Read(path, TextOf),
            ".json" => ReadList(path),
            _ => ReadParagraphs(path),
        };
        return texts.Count > 0 ? texts : throw new FileException($"{path}: there are no texts; expected at least one.");
    }

    private static IReadOnlyList<string> ReadList(string path) => StrictJson.Read<IReadOnlyList<string>>($"{path}:", "the file", File.ReadAllBytes(path), root =>
    {
        if (root.ValueKind != JsonValueKind.Array)
            throw new FileException($"{path}: the file holds one JSON {root.ValueKind}; expected a list of objects (a file with one object per line is named .jsonl).");
        return [.. root.EnumerateArray().Select((item, i) => TextOf(new StrictObject(Invariant($"{path}: [{i}]"), item)))];
    });

    private static List<string> ReadParagraphs(string path)
    {
        var paragraphs = new List<string>();
        var lines = new List<string>();
        foreach (var line in File.ReadLines(path).Append(""))
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                lines.Add(line);
            }
            else if (lines.Count > 0)
            {
                paragraphs.Add(string.Join('\n', lines));
                lines.Clear();
            }
        }

        return paragraphs;
    }

    /// <summary>Other fields are left alone: data sets bring their own.</summary>
    private static string TextOf(StrictObject item) =>
        item.OptionalString("text", "a text that is not empty") ?? item.RequiredString("prompt", "a text as text or prompt");
}
