using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>The special tokens and chat templates of a GGUF file as the <c>tokenizer_config.json</c> of a Hugging Face checkpoint.</summary>
internal static class GgufTokenizerConfig
{
    private const string TemplateKey = "tokenizer.chat_template";

    private static readonly (string Key, string Name)[] Named = [("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"), ("mask", "mask_token")];

    /// <summary>UTF-8 of the file.</summary>
    public static byte[] ToJson(GgufMetadata metadata)
    {
        var tokens = metadata.Texts("tokenizer.ggml.tokens") ?? [];
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var (key, name) in Named)
            {
                if (TokenId(metadata, key, tokens.Length) is { } id) json.WriteString(name, tokens[id]);
            }

            WriteTemplates(json, metadata);
            json.WriteEndObject();
        }

        return utf8.WrittenSpan.ToArray();
    }

    /// <summary>The id of a special token; null where the file names none. Some files fill with -1: what is no id names no token.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="name">The name in the key, such as <c>bos</c>.</param>
    /// <param name="tokens">Number of tokens.</param>
    public static int? TokenId(GgufMetadata metadata, string name, int tokens) =>
        metadata.Whole($"tokenizer.ggml.{name}_token_id", int.MinValue, uint.MaxValue) is >= 0 and var id && id < tokens ? (int)id : null;

    private static void WriteTemplates(Utf8JsonWriter json, GgufMetadata metadata)
    {
        const string ToolUse = "tool_use";
        var main = metadata.Text(TemplateKey);
        var forTools = metadata.Text($"{TemplateKey}.{ToolUse}");
        if (main is not null && forTools is null) json.WriteString("chat_template", main);
        if (forTools is null) return;
        json.WriteStartArray("chat_template");
        if (main is not null) WriteTemplate(json, "default", main);
        WriteTemplate(json, ToolUse, forTools);
        json.WriteEndArray();
    }

    private static void WriteTemplate(Utf8JsonWriter json, string name, string source)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("template", source);
        json.WriteEndObject();
    }
}
