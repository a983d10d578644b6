using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>Finds where JSON breaks: the parser says the byte, and people look for the field.</summary>
internal static class BrokenJson
{
    /// <summary>Where the text ceases to be JSON, to be put behind a complaint: <c>, at 'models.path'</c>; empty before the first field.</summary>
    /// <param name="json">UTF-8.</param>
    public static string Place(ReadOnlySpan<byte> json)
    {
        // The name of the field that is read at each depth; empty in a list.
        var names = new List<string>();
        var reader = new Utf8JsonReader(JsonText.WithoutMark(json));
        try
        {
            while (reader.Read())
            {
                var depth = reader.CurrentDepth;
                if (names.Count > depth) names.RemoveRange(depth, names.Count - depth);
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                while (names.Count < depth - 1) names.Add("");
                if (names.Count == depth) names.RemoveAt(depth - 1);
                names.Add(reader.GetString()!);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Here it breaks.
        }

        var fields = names.Where(name => name.Length > 0).ToList();
        return fields.Count == 0 ? "" : $", at '{CheckpointError.Show(string.Join('.', fields))}'";
    }
}
