using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Serving.Streaming;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization.Oracle;

/// <summary>Ids, text and streams equal those of Hugging Face's own tokenizers.</summary>
public class OracleTests
{
    public static TheoryData<string> AllVariants => [.. OracleJson.Variants.Keys];

    public static TheoryData<string> Normalizers => ["NFC", "NFD", "NFKC", "NFKD", "Lowercase"];

    public static TheoryData<string> Stages =>
    [
        """{ "type": "Digits", "individual_digits": true }""",
        """{ "type": "Punctuation", "behavior": "Isolated" }""",
        """{ "type": "Split", "pattern": { "Regex": "\\p{L}" }, "behavior": "Isolated", "invert": false }""",
        """{ "type": "Split", "pattern": { "Regex": "\\p{N}" }, "behavior": "Isolated", "invert": false }""",
        """{ "type": "Split", "pattern": { "Regex": "\\s" }, "behavior": "Isolated", "invert": false }""",
    ];

    [SkippableTheory]
    [InlineData("gpt2")]
    [InlineData("stories260K")]
    [InlineData("tiny-s")]
    [InlineData("tiny-m")]
    public void Tokenizers_as_published(string name) => Compare(OracleJson.AsPublished(name), OracleTexts.Generate(2000, seed: 1), decodes: true);

    /// <summary>What a variant drops or changes no decoder gives back; that is for the tokenizers as published.</summary>
    [SkippableTheory]
    [MemberData(nameof(AllVariants))]
    public void Tokenizers_with_one_part_changed(string name) => Compare(OracleJson.Variant(name), OracleTexts.Generate(400, seed: 2), decodes: false);

    [SkippableTheory]
    [MemberData(nameof(Normalizers))]
    public void Every_character_is_normalized_alike(string type)
    {
        var json = OracleJson.Bytes();
        json["normalizer"] = new JsonObject { ["type"] = type };
        Compare(json, OracleTexts.Characters().Chunk(4096).Select(characters => string.Join('x', characters)), decodes: false);
    }

    [SkippableTheory]
    [MemberData(nameof(Stages))]
    public void Every_character_is_of_the_same_class(string stage) =>
        Compare(OracleJson.BytesOfWords(stage), OracleTexts.Characters().Chunk(4096).Select(characters => string.Join('x', characters)), decodes: false);

    [SkippableFact]
    public void Every_character_touches_a_token_of_a_single_word_alike()
    {
        var json = OracleJson.Bytes();
        json["added_tokens"] = JsonNode.Parse("""[ { "id": 256, "content": "<t>", "single_word": true, "lstrip": false, "rstrip": false, "normalized": false, "special": false } ]""");
        Compare(json, OracleTexts.Characters().Chunk(4096).Select(characters => string.Join(' ', characters.Select(c => $"{c}<t> <t>{c}"))), decodes: false);
    }

    private static void Compare(JsonNode json, IEnumerable<string> texts, bool decodes)
    {
        using var theirs = HuggingFace.Read(json);
        var ours = TestTokenizers.Read(json);
        foreach (var text in texts)
        {
            var expected = theirs.Encode(text);
            var ids = ours.Encode(text);
            if (!ids.SequenceEqual(expected)) ids.Should().Equal(expected, "this is {0}", Shown(text));
            if (!decodes) continue;

            var decoded = ours.Decode(ids);
            decoded.Should().Be(theirs.Decode(ids), "this is {0}", Shown(text));
            Stream(ours, ids).Should().Be(decoded, "this is {0}", Shown(text));
        }
    }

    /// <summary>The text as it comes token by token.</summary>
    private static string Stream(BpeTokenizer tokenizer, IEnumerable<int> ids)
    {
        var text = new TokenText(tokenizer, stripLeadingSpace: tokenizer.StripsLeadingSpace);
        var reader = new Detokenizer(text);
        var result = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(id);
            result.Append(reader.Read());
        }

        text.Complete();
        return result.Append(reader.Read()).ToString();
    }

    private static string Shown(string text) => string.Concat((text.Length <= 200 ? text : text[..200]).Select(c => c is > ' ' and < (char)0x7F ? c.ToString() : $"\\u{(int)c:x4}"));
}
