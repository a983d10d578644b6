using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Helios.Sdk.Checkpoints.Gguf;

/// <summary>
/// The vocabulary of a GGUF file as the <c>tokenizer.json</c> that Hugging Face has of the same model: byte-level BPE (<c>gpt2</c>), or SentencePiece
/// (<c>llama</c>) in the form that Hugging Face's conversion gives it. Where llama.cpp differs, ids are those of Hugging Face.
/// </summary>
internal sealed class GgufTokenizer
{
    private const string TokensKey = "tokenizer.ggml.tokens";
    private const string TypesKey = "tokenizer.ggml.token_type";
    private const string MergesKey = "tokenizer.ggml.merges";
    private const string ScoresKey = "tokenizer.ggml.scores";
    private const string ModelKey = "tokenizer.ggml.model";
    private const string Models = "\"gpt2\" or \"llama\"";

    // What the types of tokens are numbered by.
    private const int Unknown = 2;
    private const int Control = 3;
    private const int UserDefined = 4;

    private readonly GgufMetadata metadata;
    private readonly string[] tokens;
    private readonly int[] types;

    private GgufTokenizer(GgufMetadata metadata)
    {
        this.metadata = metadata;
        tokens = metadata.Texts(TokensKey) ?? throw metadata.Missing(TokensKey, "the tokens of the model");
        types = metadata.Wholes(TypesKey) ?? new int[tokens.Length];
        RequireAsMany(TypesKey, types.Length);
    }

    /// <summary>UTF-8 of the file.</summary>
    /// <exception cref="CheckpointException">A key is missing or contradicts another, or names what is not supported.</exception>
    public static byte[] ToJson(GgufMetadata metadata)
    {
        var tokenizer = new GgufTokenizer(metadata);
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            switch (metadata.RequiredText(ModelKey, Models))
            {
                case "gpt2":
                    tokenizer.WriteByteLevel(json);
                    break;
                case "llama":
                    tokenizer.WriteSentencePiece(json);
                    break;
                case var other:
                    throw CheckpointError.Field(metadata.Path, ModelKey, $"\"{other}\"", Models);
            }

            json.WriteEndObject();
        }

        return utf8.WrittenSpan.ToArray();
    }

    private void WriteByteLevel(Utf8JsonWriter json)
    {
        var rule = GgufWordRule.Read(metadata);
        WriteAdded(json);
        json.WritePropertyName("normalizer");
        json.WriteRawValue(rule.Normalizer);
        json.WritePropertyName("pre_tokenizer");
        json.WriteRawValue(rule.PreTokenizer);
        WriteAround(json, addsBos: rule.AddsBos);
        WriteType(json, "decoder", "ByteLevel");
        WriteModel(json, byteFallback: false, rule.IgnoresMerges, () =>
        {
            foreach (var merge in metadata.Texts(MergesKey) ?? throw metadata.Missing(MergesKey, "merges of tokens")) json.WriteStringValue(merge);
        });
    }

    private void WriteSentencePiece(Utf8JsonWriter json)
    {
        var scores = metadata.Numbers(ScoresKey) ?? throw metadata.Missing(ScoresKey, "a score of each token");
        RequireAsMany(ScoresKey, scores.Length);
        var prefix = metadata.Flag("tokenizer.ggml.add_space_prefix") ?? true;
        WriteAdded(json);
        json.WritePropertyName("normalizer");
        json.WriteRawValue(prefix
            ? """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""
            : """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""");
        json.WriteNull("pre_tokenizer");
        WriteAround(json, addsBos: true);
        json.WritePropertyName("decoder");
        json.WriteRawValue(prefix
            ? """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}"""
            : """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}""");
        WriteModel(json, byteFallback: true, ignoresMerges: false, () =>
        {
            foreach (var (left, right) in GgufMerges.Of(tokens, scores))
            {
                json.WriteStartArray();
                json.WriteStringValue(left);
                json.WriteStringValue(right);
                json.WriteEndArray();
            }
        });
    }

    /// <summary>Tokens that are found in text before the model sees it.</summary>
    private void WriteAdded(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < tokens.Length; id++)
        {
            if (types[id] is not (Unknown or Control or UserDefined) || tokens[id].Length == 0) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", tokens[id]);
            json.WriteBoolean("special", types[id] != UserDefined);
            json.WriteBoolean("normalized", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteModel(Utf8JsonWriter json, bool byteFallback, bool ignoresMerges, Action writeMerges)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        if (byteFallback && IdOf(Unknown) is { } unknown) json.WriteString("unk_token", tokens[unknown]);
        json.WriteBoolean("fuse_unk", byteFallback);
        json.WriteBoolean("byte_fallback", byteFallback);
        json.WriteBoolean("ignore_merges", ignoresMerges);
        json.WriteStartObject("vocab");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            if (!seen.Add(tokens[id])) throw CheckpointError.Field(metadata.Path, TokensKey, $"an array with \"{CheckpointError.Show(tokens[id])}\" twice", "every token once");
            json.WriteNumber(tokens[id], id);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        writeMerges();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The tokens that go before and behind a text.</summary>
    private void WriteAround(Utf8JsonWriter json, bool addsBos)
    {
        var before = metadata.Flag("tokenizer.ggml.add_bos_token") ?? addsBos ? GgufTokenizerConfig.TokenId(metadata, "bos", tokens.Length) : null;
        var behind = metadata.Flag("tokenizer.ggml.add_eos_token") ?? false ? GgufTokenizerConfig.TokenId(metadata, "eos", tokens.Length) : null;
        if (before is null && behind is null)
        {
            json.WriteNull("post_processor");
            return;
        }

        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        if (before is not null) WritePiece(json, "SpecialToken", "bos");
        WritePiece(json, "Sequence", "A");
        if (behind is not null) WritePiece(json, "SpecialToken", "eos");
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        if (before is { } bos) WriteSpecial(json, "bos", bos);
        if (behind is { } eos) WriteSpecial(json, "eos", eos);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter json, string kind, string id)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSpecial(Utf8JsonWriter json, string name, int id)
    {
        json.WriteStartObject(name);
        json.WriteStartArray("ids");
        json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter json, string section, string type)
    {
        json.WriteStartObject(section);
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    private int? IdOf(int type) => Array.IndexOf(types, type) is >= 0 and var id ? id : null;

    private void RequireAsMany(string key, int count)
    {
        if (count != tokens.Length) throw CheckpointError.Field(metadata.Path, key, Invariant($"an array of {count} values"), Invariant($"{tokens.Length}, one for each token"));
    }
}
