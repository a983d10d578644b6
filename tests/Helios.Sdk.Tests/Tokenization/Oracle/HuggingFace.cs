using System.Text.Json.Nodes;
using Tokenizers.DotNet;

namespace Helios.Sdk.Tests.Tokenization.Oracle;

/// <summary>
/// Hugging Face's own tokenizers, called through Tokenizers.DotNet: the truth that ours are held to. Its native library is restored for
/// Linux on x64; tests skip where it cannot be loaded.
/// </summary>
internal sealed class HuggingFace : IDisposable
{
    private static readonly Lazy<string?> Trouble = new(FindTrouble);

    private readonly Tokenizer tokenizer;

    private HuggingFace(Tokenizer tokenizer) => this.tokenizer = tokenizer;

    /// <summary>Reads a tokenizer; skips the test where that needs a library that is not there.</summary>
    public static HuggingFace Read(JsonNode json)
    {
        Skip.If(Trouble.Value is not null, Trouble.Value);
        return Load(json);
    }

    /// <summary>Ids, with what the post-processor adds.</summary>
    public int[] Encode(string text) => [.. tokenizer.Encode(text).Select(id => (int)id)];

    /// <summary>Text without special tokens.</summary>
    public string Decode(IEnumerable<int> ids) => tokenizer.Decode([.. ids.Select(id => (uint)id)]);

    public void Dispose() => tokenizer.Dispose();

    private static HuggingFace Load(JsonNode json)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, json.ToJsonString());
            return new HuggingFace(new Tokenizer(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? FindTrouble()
    {
        try
        {
            using var any = Load(OracleJson.Bytes());
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or TypeInitializationException or PlatformNotSupportedException)
        {
            return $"The native library of Tokenizers.DotNet cannot be loaded here: {e.Message}";
        }
    }
}
