using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Special tokens are not taken out of parts of a text that others wrote.</summary>
public class VerbatimTests
{
    private static readonly int End = TestTokenizers.TinyS.Encode("<|endoftext|>", addSpecialTokens: false)[0];

    [Theory]
    [InlineData("a<|endoftext|>b", 0, 0, 1)]
    [InlineData("a<|endoftext|>b", 0, 15, 0)]
    [InlineData("a<|endoftext|>b", 13, 1, 0)]
    [InlineData("a<|endoftext|>b", 0, 2, 0)]
    [InlineData("a<|endoftext|>b", 0, 1, 1)]
    [InlineData("a<|endoftext|>b", 14, 1, 1)]
    [InlineData("<|endoftext|><|endoftext|>", 0, 13, 1)]
    public void A_token_that_reaches_into_a_part_is_not_recognised(string text, int start, int length, int tokens)
    {
        var ids = TestTokenizers.TinyS.Encode(text, [new TextSpan(start, length)], addSpecialTokens: false);
        ids.Count(id => id == End).Should().Be(tokens);
        TestTokenizers.TinyS.Decode(ids, skipSpecialTokens: false).Should().Be(text);
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(2, 3)]
    [InlineData(0, -1)]
    [InlineData(5, 1)]
    public void Parts_outside_the_text_are_refused(int start, int length)
    {
        var encode = () => TestTokenizers.TinyS.Encode("abcd", [new TextSpan(start, length)]);
        encode.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Parts_out_of_order_are_refused()
    {
        var encode = () => TestTokenizers.TinyS.Encode("abcdef", [new TextSpan(3, 2), new TextSpan(0, 2)]);
        encode.Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData("stories260K")]
    [InlineData("tiny-s")]
    [InlineData("gpt2")]
    public void A_text_without_special_tokens_gets_the_same_ids_wherever_its_parts_lie(string tokenizer)
    {
        const string text = "Once upon  a time,\n\nthere wasn't a 12345 é😀 end. ";
        var expected = TestTokenizers.ByName(tokenizer).Encode(text);
        for (var cut = 0; cut <= text.Length; cut++)
            TestTokenizers.ByName(tokenizer).Encode(text, [new TextSpan(0, cut), new TextSpan(cut, text.Length - cut)]).Should().Equal(expected);
    }

    /// <summary>The files of Llama 2 look for special tokens in normalized text, where places have moved.</summary>
    [Fact]
    public void Tokens_looked_for_in_normalized_text_are_distinguished_too()
    {
        var tokenizer = WithNormalizer("""{ "type": "Sequence", "normalizers": [ { "type": "Prepend", "prepend": "_" }, { "type": "Replace", "pattern": { "String": " " }, "content": "__" } ] }""");
        const string text = "[end]a b [end]c";
        Ends(tokenizer.Encode(text)).Should().Be(2);
        Ends(tokenizer.Encode(text, [new TextSpan(5, 10)])).Should().Be(1, "the second one is the caller's");
        Ends(tokenizer.Encode(text, [new TextSpan(7, 1)])).Should().Be(2, "the caller wrote a letter between them");
        Ends(tokenizer.Encode(text, [new TextSpan(0, 15)])).Should().Be(0);
    }

    [Fact]
    public void Where_places_cannot_be_followed_the_whole_text_counts_as_verbatim()
    {
        var tokenizer = WithNormalizer("""{ "type": "Strip", "strip_left": true, "strip_right": true }""");
        Ends(tokenizer.Encode(" [end] a ")).Should().Be(1);
        Ends(tokenizer.Encode(" [end] a ", [new TextSpan(7, 2)])).Should().Be(0);
    }

    private static int Ends(IReadOnlyList<int> ids) => ids.Count(id => id == 50256);

    private static BpeTokenizer WithNormalizer(string normalizer)
    {
        var json = TestTokenizers.ReadGpt2Json();
        json["normalizer"] = JsonNode.Parse(normalizer);
        json["added_tokens"] = JsonNode.Parse("""[ { "id": 50256, "content": "[end]", "special": true, "normalized": true } ]""");
        json["model"]!["vocab"]!.AsObject().Remove("<|endoftext|>");
        return TestTokenizers.Read(json);
    }
}
