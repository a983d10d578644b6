using System.Text.Json.Nodes;
using Helios.Sdk.Tests.Tokenization.Oracle;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

/// <summary>What passes a context by the count of its characters need not be encoded to be refused.</summary>
public class TokenBoundTests
{
    public static TheoryData<string> All => [.. OracleJson.Variants.Keys, "gpt2", "stories260K", "tiny-s", "gemma"];

    [Theory]
    [MemberData(nameof(All))]
    public void No_text_has_fewer_ids(string name)
    {
        var tokenizer = Named(name);
        foreach (var text in OracleTexts.Generate(120, seed: 8, longest: 60).Concat(Compact(tokenizer)))
            tokenizer.CountAtLeast(text).Should().BeLessThanOrEqualTo(tokenizer.Encode(text, addSpecialTokens: false).Count, text);
    }

    [Theory]
    [InlineData("gpt2", 'a')]
    [InlineData("gpt2", ' ')]
    [InlineData("tiny-s", ' ')]
    [InlineData("tiny-s", 'é')]
    [InlineData("stories260K", '中')]
    [InlineData("stories260K", ' ')]
    [InlineData("NFKC", 'a')]
    [InlineData("strip", 'a')]
    public void A_text_without_end_has_ids_without_end(string name, char character) =>
        Named(name).CountAtLeast(new string(character, 1 << 20)).Should().BeGreaterThan(1000);

    [Theory]
    [InlineData("strip", ' ')]
    [InlineData("added tokens", ' ')]
    [InlineData("split Removed { \"String\": \" \" } True", 'a')]
    [InlineData("replace a pattern", '1')]
    public void What_may_be_left_out_counts_for_nothing(string name, char character) =>
        Named(name).CountAtLeast(new string(character, 1 << 20)).Should().Be(0);

    [Fact]
    public void An_unknown_character_without_a_token_counts_for_nothing()
    {
        var json = TestTokenizers.SmallJson();
        TestTokenizers.Read(json).CountAtLeast(new string('z', 1000)).Should().Be(0, "it is left out");
        json["model"]!["unk_token"] = "a";
        TestTokenizers.Read(json).CountAtLeast(new string('z', 1000)).Should().Be(200, "each is unknown by itself, and the longest token is \"plain\"");
    }

    /// <summary>What <see cref="UnicodeForm.MaxShrink"/> says of composition.</summary>
    [Fact]
    public void No_character_is_composed_of_more_than_four()
    {
        var (apart, together) = (new UnicodeForm(composed: false), new UnicodeForm(composed: true));
        for (var c = 0; c <= 0x10FFFF; c++)
        {
            if (c is >= 0xD800 and <= 0xDFFF) continue;
            var parts = apart.Normalize(char.ConvertFromUtf32(c));
            parts.Length.Should().BeLessThanOrEqualTo((int)together.MaxShrink * together.Normalize(parts).Length);
        }
    }

    internal static BpeTokenizer Named(string name) => name switch
    {
        "gpt2" or "stories260K" or "tiny-s" => TestTokenizers.ByName(name),
        "gemma" => TestTokenizers.Read(Gemma()),
        _ => TestTokenizers.Read(OracleJson.Variant(name)),
    };

    /// <summary>The shape of Gemma's: spaces become ▁ without a prefix, and the pre-tokenizer looks for spaces that are there no more.</summary>
    private static JsonNode Gemma()
    {
        var json = OracleJson.AsPublished("stories260K");
        json["normalizer"] = JsonNode.Parse("""{ "type": "Replace", "pattern": { "String": " " }, "content": "▁" }""");
        json["pre_tokenizer"] = JsonNode.Parse("""{ "type": "Split", "pattern": { "String": " " }, "behavior": "MergedWithPrevious", "invert": false }""");
        return json;
    }

    /// <summary>The texts with the fewest ids: every token of the vocabulary, again and again.</summary>
    private static IEnumerable<string> Compact(BpeTokenizer tokenizer) => Enumerable.Range(0, tokenizer.VocabularySize).Chunk(97)
        .SelectMany(ids => ids.Select(id => tokenizer.Decode([id, id, id, id], skipSpecialTokens: false)));
}
