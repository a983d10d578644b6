using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Every refusal names the file and the field.</summary>
public class HostileFileTests
{
    [Theory]
    [InlineData("model", "5", "*model is 5; expected an object*")]
    [InlineData("model.type", "\"Unigram\"", "*model.type is \"Unigram\"; expected \"BPE\"*")]
    [InlineData("model.type", "\"WordPiece\"", "*model.type is \"WordPiece\"; expected \"BPE\"*")]
    [InlineData("model.vocab", "null", "*model.vocab is null; expected an object*")]
    [InlineData("model.vocab", "[]", "*model.vocab is an array; expected an object*")]
    [InlineData("model.vocab", "{}", "*model.vocab is empty*")]
    [InlineData("model.vocab.a", "-1", "*model.vocab.a is -1; expected an id from 0*")]
    [InlineData("model.vocab.a", "2147483648", "*model.vocab.a is 2147483648; expected an id*")]
    [InlineData("model.vocab.a", "4194304", "*model.vocab.a is 4194304; expected an id*")]
    [InlineData("model.vocab.a", "1.5", "*model.vocab.a is 1.5; expected an id*")]
    [InlineData("model.vocab.a", "\"0\"", "*model.vocab.a is \"0\"; expected an id*")]
    [InlineData("model.vocab.a", "1", "*model.vocab.b is 1, which another token has*")]
    [InlineData("model.merges", "null", "*model.merges is null; expected an array*")]
    [InlineData("model.merges", "[\"a z\"]", "*model.merges[0] is a merge of \"a\" and \"z\"; expected tokens of model.vocab, which lacks \"z\"*")]
    [InlineData("model.merges", "[\"a c\"]", "*lacks \"ac\"*")]
    [InlineData("model.merges", "[\"ab\"]", "*model.merges[0] is \"ab\"; expected*")]
    [InlineData("model.merges", "[\"a b c\"]", "*model.merges[0] is \"a b c\"; expected*")]
    [InlineData("model.merges", "[[\"a\"]]", "*model.merges[0] is an array; expected*")]
    [InlineData("model.merges", "[[\"a\", 1]]", "*model.merges[0][1] is 1; expected a string*")]
    [InlineData("model.unk_token", "\"nope\"", "*model.unk_token is \"nope\"; expected a token of model.vocab*")]
    [InlineData("model.byte_fallback", "\"yes\"", "*model.byte_fallback is \"yes\"; expected true or false*")]
    [InlineData("model.dropout", "0.1", "*model.dropout is 0.1*")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "*continuing_subword_prefix is \"##\"*")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "*end_of_word_suffix is \"</w>\"*")]
    [InlineData("added_tokens", "{}", "*added_tokens is an object; expected an array*")]
    [InlineData("added_tokens", "[{\"id\": 3, \"content\": \"x\"}]", "*added_tokens[0].id is 3, which another token has*")]
    [InlineData("added_tokens", "[{\"id\": 9, \"content\": \"a\"}]", "*added_tokens[0].id is 9, but 0 in model.vocab*")]
    [InlineData("added_tokens", "[{\"id\": -7, \"content\": \"x\"}]", "*added_tokens[0].id is -7*")]
    [InlineData("added_tokens", "[{\"id\": 7}]", "*added_tokens[0].content is missing; expected a string*")]
    [InlineData("added_tokens", "[{\"id\": 7, \"content\": \"x\"}, {\"id\": 7, \"content\": \"x\"}]", "*added_tokens[1].content is there twice*")]
    [InlineData("normalizer", "{\"type\": \"Nmt\"}", "*normalizer.type is \"Nmt\"; expected*\"NFC\"*")]
    [InlineData("normalizer", "{\"type\": \"Replace\", \"pattern\": {\"Glob\": \"a\"}, \"content\": \"\"}", "*normalizer.pattern is an object; expected {\"String\"*")]
    [InlineData("normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Bert\"}]}", "*normalizer.normalizers[0].type is \"Bert\"*")]
    [InlineData("pre_tokenizer", "{\"type\": \"Whitespace\"}", "*pre_tokenizer.type is \"Whitespace\"; expected*")]
    [InlineData("pre_tokenizer", "{}", "*pre_tokenizer.type is missing; expected a string*")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"behavior\": \"Isolated\", \"pattern\": {\"Regex\": \"(\"}}", "*pre_tokenizer.pattern.Regex is a pattern that .NET cannot read*")]
    [InlineData("pre_tokenizer", "{\"type\": \"Split\", \"behavior\": \"1\", \"pattern\": {\"Regex\": \"a\"}}", "*pre_tokenizer.behavior is \"1\"; expected one of Removed, Isolated*")]
    [InlineData("pre_tokenizer", "{\"type\": \"Metaspace\", \"replacement\": \"ab\"}", "*pre_tokenizer.replacement is \"ab\"*")]
    [InlineData("post_processor", "{\"type\": \"BertProcessing\"}", "*post_processor.type is \"BertProcessing\"*")]
    [InlineData("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": []}", "*post_processor.single is a template without the sequence A*")]
    [InlineData("post_processor", "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"x\"}}, {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {\"x\": {\"ids\": [9]}}}", "*special_tokens.x.ids[0] is 9; expected an id from 0 to 8*")]
    [InlineData("decoder", "null", "*decoder is null; expected*")]
    [InlineData("decoder", "{\"type\": \"WordPiece\"}", "*decoder.type is \"WordPiece\"*")]
    [InlineData("decoder", "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]}", "*decoder.decoders[0] is a Strip of every token*")]
    public void Bad_fields_are_named(string path, string value, string message)
    {
        var json = TestTokenizers.SmallJson();
        var parent = path.Split('.').SkipLast(1).Aggregate(json, (node, name) => node[name]!);
        parent[path.Split('.')[^1]] = JsonNode.Parse(value);

        var act = () => TestTokenizers.Read(json);

        act.Should().Throw<CheckpointException>().WithMessage("tokenizer.json: " + message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model\":")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 0, \"a\": 1}}}")]
    [InlineData("{\"model\": {\"vocab\": {\"\\ud800\": 0}}}")]
    [InlineData("{\"model\": {\"type\": \"\\ud800\", \"vocab\": {\"a\": 0}}}")]
    [InlineData("\u0000")]
    public void What_is_no_tokenizer_is_refused(string json)
    {
        var act = () => TokenizerFiles.Read(Encoding.UTF8.GetBytes(json), "tokenizer.json");

        act.Should().Throw<CheckpointException>().WithMessage("tokenizer.json: *expected*");
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        var json = string.Concat(Enumerable.Repeat("{\"normalizer\":", 100_000));

        var act = () => TokenizerFiles.Read(Encoding.UTF8.GetBytes(json), "tokenizer.json");

        act.Should().Throw<CheckpointException>().WithMessage("*depth*");
    }

    [Fact]
    public void Gaps_between_ids_decode_to_nothing()
    {
        var json = TestTokenizers.SmallJson();
        json["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{ "id": 12, "content": "far" }"""));
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.VocabularySize.Should().Be(13);
        tokenizer.GetBytes(10).Length.Should().Be(0);
        tokenizer.Decode([0, 10, 12]).Should().Be("afar");
    }

    [Fact]
    public void A_missing_file_and_one_too_large_are_refused_before_reading()
    {
        var folder = Directory.CreateTempSubdirectory("helios-tokenizer-");
        try
        {
            var act = () => TokenizerFiles.Load(folder.FullName);
            act.Should().Throw<CheckpointException>().WithMessage("*tokenizer.json*is missing*");

            using (var file = File.Create(Path.Combine(folder.FullName, "tokenizer.json")))
                file.SetLength(TokenizerFiles.LargestFile + 1);
            act.Should().Throw<CheckpointException>().WithMessage("*tokenizer.json*268435457 bytes, expected at most 268435456*");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
