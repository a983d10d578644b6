
// What the lines above wrote, and whether as many tokens are streamed as are counted.
var (streamed, request) = (0, new GenerationRequest { Prompt = "Once upon a time", MaxTokens = 64, Model = "tiny-s", FullDepth = true });
await foreach (var piece in client.StreamAsync(request)) streamed++;
var counted = (await client.GenerateAsync(request)).TokenIds.Length;
File.WriteAllText(args[0], System.Text.Json.JsonSerializer.Serialize(new { Text = Notes.Text.ToString(), Streamed = streamed, Counted = counted }));

static string Noted(string text)
{
    Notes.Text.Append(text);
    return text;
}

internal static class Notes
{
    public static readonly System.Text.StringBuilder Text = new();
}
