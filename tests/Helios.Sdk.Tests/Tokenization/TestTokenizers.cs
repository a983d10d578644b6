using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Tokenizers that several tests use; each is read once.</summary>
internal static class TestTokenizers
{
    private static readonly Lazy<BpeTokenizer> LazyGpt2 = new(() => Read(ReadGpt2Json()));
    private static readonly Lazy<BpeTokenizer> LazyTinyS = new(() => (BpeTokenizer)TokenizerFiles.Load(TestData.Model("tiny-s")));
    private static readonly Lazy<BpeTokenizer> LazyStories = new(() => (BpeTokenizer)TokenizerFiles.Load(TestData.Model("stories260K")));

    public static string Gpt2Folder { get; } = Path.Combine(TestData.Root, "tests", "data", "tokenizers", "gpt2");

    /// <summary>GPT-2 with added tokens for runs of spaces and tabs, as code models have it.</summary>
    public static BpeTokenizer Gpt2 => LazyGpt2.Value;

    public static BpeTokenizer TinyS => LazyTinyS.Value;

    public static BpeTokenizer Stories260K => LazyStories.Value;

    public static BpeTokenizer ByName(string name) => name switch
    {
        "gpt2" => Gpt2,
        "tiny-s" => TinyS,
        "stories260K" => Stories260K,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such tokenizer."),
    };

    public static BpeTokenizer Read(JsonNode json) => TokenizerFiles.Read(Encoding.UTF8.GetBytes(json.ToJsonString()), "tokenizer.json");

    public static JsonNode ReadGpt2Json()
    {
        using var file = File.OpenRead(Path.Combine(Gpt2Folder, "tokenizer.json.gz"));
        using var json = new GZipStream(file, CompressionMode.Decompress);
        return JsonNode.Parse(json)!;
    }

    /// <summary>A small byte-level tokenizer: a, b, c, space, their merges, and two added tokens.</summary>
    public static JsonNode SmallJson() => JsonNode.Parse("""
        {
          "added_tokens": [
            { "id": 7, "content": "<s>", "special": true, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false },
            { "id": 8, "content": "plain", "special": false, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false }
          ],
          "normalizer": null,
          "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "use_regex": true },
          "post_processor": null,
          "decoder": { "type": "ByteLevel" },
          "model": {
            "type": "BPE", "unk_token": null, "fuse_unk": false, "byte_fallback": false,
            "vocab": { "a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "bc": 5, "abc": 6 },
            "merges": [ "a b", "b c", "ab c" ]
          }
        }
        """)!;
}
