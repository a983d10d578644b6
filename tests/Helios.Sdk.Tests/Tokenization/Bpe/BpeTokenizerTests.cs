using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

public class BpeTokenizerTests
{
    [Fact]
    public void Merges_go_by_rank_and_words_by_the_pattern()
    {
        var tokenizer = TestTokenizers.Read(TestTokenizers.SmallJson());

        tokenizer.Encode("abc bcab").Should().Equal(6, 3, 5, 4);
        tokenizer.Encode("").Should().BeEmpty();
        tokenizer.VocabularySize.Should().Be(9);
        tokenizer.StripsLeadingSpace.Should().BeFalse();
        tokenizer.Decode([3, 6, 7, 8]).Should().Be(" abcplain");
        tokenizer.Decode([3, 6, 7, 8], skipSpecialTokens: false).Should().Be(" abc<s>plain");
    }

    [Fact]
    public void Llama3_form()
    {
        var json = TestTokenizers.SmallJson();
        json["pre_tokenizer"] = JsonNode.Parse("""
            { "type": "Sequence", "pretokenizers": [
              { "type": "Split", "behavior": "Isolated", "invert": false, "pattern": { "Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+" } },
              { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false } ] }
            """);
        json["post_processor"] = JsonNode.Parse("""
            { "type": "Sequence", "processors": [
              { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true },
              { "type": "TemplateProcessing",
                "single": [ { "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ],
                "pair": [], "special_tokens": { "<s>": { "id": "<s>", "ids": [ 7 ], "tokens": [ "<s>" ] } } } ] }
            """);
        json["model"] = JsonNode.Parse("""
            { "type": "BPE", "ignore_merges": true,
              "vocab": { "a": 0, "b": 1, "c": 2, "Ġ": 3, "ab": 4, "Ġab": 5, "Ġabca": 6, "1": 9, "2": 10, "12": 11, "121": 12 },
              "merges": [ [ "a", "b" ], [ "Ġ", "ab" ], [ "1", "2" ] ] }
            """);
        var tokenizer = TestTokenizers.Read(json);

        // " abca" is a token that no merge makes; " abcab" is not, so its merges count.
        tokenizer.Encode("ab abca abcab").Should().Equal(7, 4, 6, 5, 2, 4);

        // Numbers are cut after three digits, and 121 is a token as a whole word.
        tokenizer.Encode("1211 12", addSpecialTokens: false).Should().Equal(12, 9, 3, 11);
        tokenizer.Decode(tokenizer.Encode("1211 abca")).Should().Be("1211 abca");
    }

    [Fact]
    public void Template_may_close_a_text_as_well()
    {
        var json = TestTokenizers.SmallJson();
        json["post_processor"] = JsonNode.Parse("""
            { "type": "TemplateProcessing",
              "single": [ { "SpecialToken": { "id": "B" } }, { "Sequence": { "id": "A" } }, { "SpecialToken": { "id": "E" } } ],
              "special_tokens": { "B": { "ids": [ 7, 6 ] }, "E": { "ids": [ 8 ] } } }
            """);
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.Encode("a").Should().Equal(7, 6, 0, 8);
        tokenizer.Encode("").Should().Equal(7, 6, 8);
        tokenizer.Encode("a", addSpecialTokens: false).Should().Equal(0);
    }

    [Fact]
    public void Metaspace_form_falls_back_to_bytes()
    {
        var tokenizer = TestTokenizers.Stories260K;

        // "你" is E4 BD A0, and <0x00> is id 3; each text between special tokens gets its own ▁.
        var space = tokenizer.Encode("", addSpecialTokens: false);
        space.Should().BeEmpty();
        var ids = tokenizer.Encode("你", addSpecialTokens: false);
        ids.Skip(1).Should().Equal(3 + 0xE4, 3 + 0xBD, 3 + 0xA0);
        tokenizer.GetBytes(ids[0]).ToArray().Should().Equal((byte)' ');
        tokenizer.StripsLeadingSpace.Should().BeTrue();
        tokenizer.Decode(ids).Should().Be("你");
        tokenizer.Decode([3 + 0xE4, 3 + 0xBD]).Should().Be("\ufffd");
        tokenizer.Encode("a</s>a", addSpecialTokens: false).Should().Equal(
            [.. tokenizer.Encode("a", addSpecialTokens: false), 2, .. tokenizer.Encode("a", addSpecialTokens: false)]);
    }

    [Theory]
    [InlineData("always", "a b", new[] { 1, 2 })]
    [InlineData("always", " a", new[] { 1 })]
    [InlineData("always", "<s>a", new[] { 9, 1 })]
    [InlineData("first", "a<s>a", new[] { 1, 9, 3 })]
    [InlineData("never", "a b", new[] { 3, 2 })]
    [InlineData("always", "aéé", new[] { 1, 8 })]
    public void Metaspace_as_pre_tokenizer(string scheme, string text, int[] ids)
    {
        var tokenizer = TestTokenizers.Read(MetaspaceJson(scheme));

        tokenizer.Encode(text).Should().Equal(ids);
        tokenizer.StripsLeadingSpace.Should().Be(scheme != "never");
    }

    [Fact]
    public void Unknown_characters_fuse_only_when_asked_to()
    {
        var json = MetaspaceJson("never");
        json["model"]!["fuse_unk"] = false;

        TestTokenizers.Read(json).Encode("aéé").Should().Equal(3, 8, 8);
    }

    [Theory]
    [InlineData("lstrip", "a  <t>  b", new[] { 0, 7, 3, 3, 1 })]
    [InlineData("rstrip", "a  <t>  b", new[] { 0, 3, 3, 7, 1 })]
    [InlineData("single_word", "a<t> <t> _<t>", new[] { 0, 3, 7, 3 })]
    [InlineData("special", "a<t>", new[] { 0, 7 })]
    public void Added_tokens_take_their_surroundings_as_they_say(string flag, string text, int[] ids)
    {
        var json = TestTokenizers.SmallJson();
        var added = new JsonObject { ["id"] = 7, ["content"] = "<t>", ["normalized"] = false, ["special"] = false };
        added[flag] = true;
        json["added_tokens"] = new JsonArray(added);

        TestTokenizers.Read(json).Encode(text).Should().Equal(ids);
    }

    [Fact]
    public void Of_added_tokens_the_longest_at_the_leftmost_place_is_taken()
    {
        var json = TestTokenizers.SmallJson();
        json["added_tokens"] = JsonNode.Parse("""
            [ { "id": 7, "content": "<x", "normalized": false }, { "id": 8, "content": "<xyz>", "normalized": false },
              { "id": 9, "content": "yz>a", "normalized": false } ]
            """);
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.Encode("<xyz>a").Should().Equal(8, 0);
        tokenizer.Encode("<xyzb").Should().Equal(7, 1);
        tokenizer.Encode("byz>a").Should().Equal(1, 9);
    }

    [Fact]
    public void Normalized_added_tokens_are_found_behind_the_normalizer()
    {
        var json = TestTokenizers.SmallJson();
        json["normalizer"] = JsonNode.Parse("""{ "type": "Sequence", "normalizers": [ { "type": "Lowercase" }, { "type": "NFC" } ] }""");
        json["added_tokens"] = JsonNode.Parse("""
            [ { "id": 7, "content": "Tok", "normalized": true }, { "id": 8, "content": "RAW", "normalized": false } ]
            """);
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.Encode("ATOKB").Should().Equal(0, 7, 1);
        tokenizer.Encode("ARAWraw").Should().Equal([0, 8, 0], "r and w are no tokens, and there is none for the unknown");
    }

    [Fact]
    public void Digits_and_prefix_space_are_stages_of_their_own()
    {
        var json = TestTokenizers.SmallJson();
        json["pre_tokenizer"] = JsonNode.Parse("""
            { "type": "Sequence", "pretokenizers": [
              { "type": "Digits", "individual_digits": true }, { "type": "ByteLevel", "add_prefix_space": true } ] }
            """);
        json["model"]!["vocab"]!["Ġa"] = 10;
        json["model"]!["vocab"]!["1"] = 11;
        json["model"]!["merges"]!.AsArray().Add("Ġ a");

        TestTokenizers.Read(json).Encode("a11").Should().Equal(10, 3, 11, 3, 11);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_a_replacement_character()
    {
        TestTokenizers.TinyS.Encode("a\ud83db").Should().Equal(TestTokenizers.TinyS.Encode("a\ufffdb"));
        TestTokenizers.TinyS.Encode("\ude00\ud83d").Should().Equal(TestTokenizers.TinyS.Encode("\ufffd\ufffd"));
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("tiny-s")]
    [InlineData("stories260K")]
    public void Any_text_comes_back(string name)
    {
        var tokenizer = TestTokenizers.ByName(name);
        var rune = Gen.OneOf(Gen.Choose(32, 126), Gen.Choose(1, 0xD7FF), Gen.Choose(0xE000, 0x10FFFF)).Select(char.ConvertFromUtf32);

        // The metaspace character itself is a space to its tokenizers.
        Prop.ForAll(rune.Where(r => r != "▁").ArrayOf().Select(string.Concat).ToArbitrary(), text =>
            tokenizer.Decode(tokenizer.Encode(text)) == text).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Bytes_of_tokens_are_at_hand_without_allocation()
    {
        var tokenizer = TestTokenizers.Gpt2;
        var total = 0L;
        for (var id = 0; id < tokenizer.VocabularySize; id++) total += tokenizer.GetBytes(id).Length;

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var id = 0; id < tokenizer.VocabularySize; id++) total -= tokenizer.GetBytes(id).Length;
        GC.GetAllocatedBytesForCurrentThread().Should().Be(before);

        total.Should().Be(0);
        tokenizer.GetBytes(50256).Length.Should().Be(0, "it is special");
        tokenizer.GetBytes(50286).ToArray().Should().Equal("  "u8.ToArray(), "it is added, and text");
    }

    [Fact]
    public void Fingerprints_distinguish_tokenizers()
    {
        TestTokenizers.TinyS.Fingerprint.Should().Be(Helios.Sdk.Tokenization.TokenizerFiles.Load(TestData.Model("tiny-m")).Fingerprint);
        TestTokenizers.TinyS.Fingerprint.Should().NotBe(TestTokenizers.Stories260K.Fingerprint);
        TestTokenizers.TinyS.Fingerprint.Should().MatchRegex("^[0-9a-f]{64}$");
    }

    [Fact]
    public void Ids_of_another_vocabulary_are_refused()
    {
        var act = () => TestTokenizers.TinyS.Decode([4096]);
        act.Should().Throw<ArgumentOutOfRangeException>();
        act = () => TestTokenizers.TinyS.Decode([-1]);
        act.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task One_tokenizer_serves_many_threads()
    {
        var text = string.Concat(Enumerable.Repeat("Once upon a time 123 🦙 ", 200));
        var expected = TestTokenizers.TinyS.Encode(text);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => TestTokenizers.TinyS.Encode(text))));

        all.Should().AllSatisfy(ids => ids.Should().Equal(expected));
    }

    private static JsonNode MetaspaceJson(string scheme) => JsonNode.Parse($$"""
        {
          "added_tokens": [ { "id": 9, "content": "<s>", "special": true, "normalized": false }, { "id": 8, "content": "<unk>", "special": true } ],
          "normalizer": null,
          "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "{{scheme}}", "split": true },
          "post_processor": null,
          "decoder": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "{{scheme}}", "split": true },
          "model": {
            "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false,
            "vocab": { "▁": 0, "▁a": 1, "▁b": 2, "a": 3, "b": 4, "<unk>": 8 },
            "merges": [ [ "▁", "a" ], [ "▁", "b" ] ]
          }
        }
        """)!;
}
