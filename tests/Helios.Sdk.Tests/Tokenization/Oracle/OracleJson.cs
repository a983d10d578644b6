using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.Tests.Tokenization.Oracle;

/// <summary>Tokenizers to be compared: those at hand, and made-up ones with one part changed.</summary>
internal static class OracleJson
{
    /// <summary>Tokens that swallow white space, keep to themselves, and are white space. Ids go on where the vocabulary ends, as Hugging Face counts them.</summary>
    private const string AddedTokens = """
        [ { "id": 4096, "content": "<r>", "rstrip": true, "lstrip": false, "single_word": false, "normalized": false, "special": false },
          { "id": 4097, "content": "<l>", "rstrip": false, "lstrip": true, "single_word": false, "normalized": false, "special": true },
          { "id": 4098, "content": "<w>", "rstrip": false, "lstrip": false, "single_word": true, "normalized": false, "special": false },
          { "id": 4099, "content": "  ", "rstrip": false, "lstrip": false, "single_word": false, "normalized": false, "special": false },
          { "id": 4100, "content": "\n", "rstrip": true, "lstrip": true, "single_word": false, "normalized": false, "special": false },
          { "id": 4101, "content": "<n>", "rstrip": true, "lstrip": false, "single_word": true, "normalized": true, "special": false } ]
        """;

    /// <summary>By name, what differs from the tokenizer of the sample models.</summary>
    public static IReadOnlyDictionary<string, Action<JsonNode>> Variants { get; } = MakeVariants();

    /// <summary>By name, tokenizers as published.</summary>
    public static JsonNode AsPublished(string name) => name switch
    {
        "gpt2" => TestTokenizers.ReadGpt2Json(),
        "stories260K" => Model("stories260K"),
        _ => Model(name),
    };

    public static JsonNode Variant(string name)
    {
        var json = Model(name.StartsWith("metaspace", StringComparison.Ordinal) ? "stories260K" : "tiny-s");
        Variants[name](json);
        return json;
    }

    /// <summary>A tokenizer whose ids are the bytes of the text, once it is normalized.</summary>
    public static JsonNode Bytes()
    {
        var vocabulary = new JsonObject();
        for (var b = 0; b < 256; b++) vocabulary[ByteLevelAlphabet.ToChar((byte)b).ToString()] = b;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(prefix: false),
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }

    /// <summary>Such a tokenizer that writes a space before every word that a stage makes.</summary>
    public static JsonNode BytesOfWords(string stage)
    {
        var json = Bytes();
        json["pre_tokenizer"] = Sequence(JsonNode.Parse(stage)!, ByteLevel(prefix: true));
        return json;
    }

    private static Dictionary<string, Action<JsonNode>> MakeVariants()
    {
        var variants = new Dictionary<string, Action<JsonNode>>(StringComparer.Ordinal)
        {
            ["llama-3 pattern"] = json => Split(json, Helios.Sdk.Tokenization.PreTokenizers.PublishedPatterns.Llama3),
            ["qwen-2 pattern"] = json => Split(json, Helios.Sdk.Tokenization.PreTokenizers.PublishedPatterns.Qwen2),
            ["pattern of one's own"] = json => Split(json, @"\p{Lu}?\p{Ll}+|\p{N}{1,2}|\s+|[^\s\p{L}\p{N}]+"),
            ["ignore merges"] = json =>
            {
                Split(json, Helios.Sdk.Tokenization.PreTokenizers.PublishedPatterns.Llama3);
                json["model"]!["ignore_merges"] = true;
            },
            ["prefix space"] = json => json["pre_tokenizer"]!["add_prefix_space"] = true,
            ["added tokens"] = json => json["added_tokens"] = JsonNode.Parse(AddedTokens),
            ["added tokens, lower case"] = json =>
            {
                json["added_tokens"] = JsonNode.Parse(AddedTokens);
                json["normalizer"] = JsonNode.Parse("""{ "type": "Lowercase" }""");
            },
            ["replace a pattern"] = json => json["normalizer"] = JsonNode.Parse("""{ "type": "Replace", "pattern": { "Regex": " {2,}|[0-9]+" }, "content": "-" }"""),
            ["replace a string"] = json => json["normalizer"] = JsonNode.Parse("""{ "type": "Replace", "pattern": { "String": "a" }, "content": "b b" }"""),
            ["strip"] = json => json["normalizer"] = JsonNode.Parse("""{ "type": "Strip", "strip_left": true, "strip_right": true }"""),
            ["metaspace, always"] = json => Metaspace(json, "always"),
            ["metaspace, first"] = json => Metaspace(json, "first"),
            ["metaspace, never"] = json => Metaspace(json, "never"),
            ["metaspace, decoder pattern"] = json => json["decoder"]!["decoders"]![0]!["pattern"] = JsonNode.Parse("""{ "Regex": "▁" }"""),
        };
        foreach (var form in new[] { "NFC", "NFD", "NFKC", "NFKD", "Lowercase" })
            variants[form] = json => json["normalizer"] = new JsonObject { ["type"] = form };
        foreach (var behavior in new[] { "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous" })
        {
            foreach (var pattern in new[] { """{ "String": " " }""", """{ "Regex": "[0-9]|\\s" }""", """{ "Regex": "(?=[A-Z])" }""" })
            {
                foreach (var invert in new[] { false, true })
                    variants[$"split {behavior} {pattern} {invert}"] = json => json["pre_tokenizer"] = Sequence(JsonNode.Parse($$"""{ "type": "Split", "pattern": {{pattern}}, "behavior": "{{behavior}}", "invert": {{(invert ? "true" : "false")}} }""")!, ByteLevel(prefix: false));
            }

            variants[$"punctuation {behavior}"] = json => json["pre_tokenizer"] = Sequence(new JsonObject { ["type"] = "Punctuation", ["behavior"] = behavior }, ByteLevel(prefix: false));
        }

        foreach (var individual in new[] { false, true })
            variants[$"digits {individual}"] = json => json["pre_tokenizer"] = Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = individual }, ByteLevel(prefix: false));
        return variants;
    }

    private static void Split(JsonNode json, string pattern) => json["pre_tokenizer"] = Sequence(
        new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false }, ByteLevel(prefix: false));

    private static void Metaspace(JsonNode json, string scheme)
    {
        JsonNode Stage() => new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = true };
        json["normalizer"] = null;
        json["pre_tokenizer"] = Stage();
    }

    private static JsonObject ByteLevel(bool prefix) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = prefix, ["trim_offsets"] = true, ["use_regex"] = false };

    private static JsonObject Sequence(params JsonNode[] stages) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(stages) };

    private static JsonNode Model(string name) => JsonNode.Parse(File.ReadAllBytes(Path.Combine(TestData.Model(name), "tokenizer.json")))!;
}
