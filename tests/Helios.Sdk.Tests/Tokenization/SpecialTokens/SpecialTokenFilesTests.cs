using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.SpecialTokens;

namespace Helios.Sdk.Tests.Tokenization.SpecialTokens;

/// <summary>Control tokens are what any file of the model calls one, whatever the flags of <c>tokenizer.json</c> say.</summary>
public class SpecialTokenFilesTests
{
    private const int End = 7, Think = 8, Spaces = 9;
    private const string Template = "{% for m in messages %}<user>{{ m.content }}</s>{% endfor %}<think>";

    public static TheoryData<string, string> CallsEndSpecial => new()
    {
        { "tokenizer_config.json", """{ "eos_token": "<end>" }""" },
        { "tokenizer_config.json", """{ "pad_token": { "content": "<end>", "lstrip": false } }""" },
        { "tokenizer_config.json", """{ "additional_special_tokens": [ "<end>" ] }""" },
        { "tokenizer_config.json", """{ "extra_special_tokens": { "image_token": "<end>" } }""" },
        { "tokenizer_config.json", """{ "added_tokens_decoder": { "7": { "content": "<end>", "special": true } } }""" },
        { "special_tokens_map.json", """{ "eos_token": "<end>" }""" },
        { "special_tokens_map.json", """{ "additional_special_tokens": [ { "content": "<end>" } ] }""" },
        { "generation_config.json", """{ "eos_token_id": [ 7, 3 ] }""" },
        { "config.json", """{ "eos_token_id": 7, "pad_token_id": -1 }""" },
    };

    [Theory]
    [MemberData(nameof(CallsEndSpecial))]
    public void What_any_file_calls_special_is(string file, string content)
    {
        using var folder = Folder((file, content));
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.GetBytes(End).IsEmpty.Should().BeTrue();
        tokenizer.Decode([0, End]).Should().Be("a");
        tokenizer.Encode("a<end>", [new TextSpan(0, 6)]).Should().NotContain(End);
        tokenizer.Encode("a<end>").Should().Equal(0, End);
        tokenizer.GetBytes(3).ToArray().Should().Equal([(byte)' '], "an id of ordinary text stays text, whatever a config says of it");
    }

    [Fact]
    public void A_token_that_no_file_calls_special_is_text_in_answers_and_not_for_others_to_write()
    {
        using var folder = Folder(("config.json", """{ "eos_token_id": 3 }"""));
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.Decode([0, End]).Should().Be("a<end>");
        tokenizer.Encode("a<end>").Should().Equal(0, End);
        tokenizer.Encode("a<end>", [new TextSpan(0, 6)]).Should().NotContain(End);
        tokenizer.Fingerprint.Should().Be(TokenizerFiles.Read(File.ReadAllBytes(folder["tokenizer.json"]), "t").Fingerprint);
    }

    [Fact]
    public void What_changes_bytes_changes_the_fingerprint()
    {
        using var plain = Folder();
        using var declared = Folder(("special_tokens_map.json", """{ "eos_token": "<end>" }"""));
        using var alike = Folder(("tokenizer_config.json", """{ "pad_token": "<end>" }"""));

        TokenizerFiles.Load(declared.Path).Fingerprint.Should().NotBe(TokenizerFiles.Load(plain.Path).Fingerprint)
            .And.Be(TokenizerFiles.Load(alike.Path).Fingerprint);
    }

    [Fact]
    public void Markup_that_the_template_writes_is_not_for_others_to_write_but_part_of_answers()
    {
        using var folder = Folder(("chat_template.jinja", Template));
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.Encode("<think>", [new TextSpan(0, 7)]).Should().NotContain(Think);
        tokenizer.Encode("a  b", [new TextSpan(0, 4)]).Should().Contain(Spaces, "runs of spaces are text, wherever they stand");
        tokenizer.Decode([Think]).Should().Be("<think>");
    }

    [Theory]
    [InlineData("<|end|>")]
    [InlineData("<｜User｜>")]
    [InlineData("</s>")]
    public void Spellings_of_control_tokens_are_not_for_others_to_write(string token)
    {
        using var folder = Folder(token, []);
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.Encode(token).Should().Equal(End);
        tokenizer.Encode(token, [new TextSpan(0, token.Length)]).Should().NotContain(End);
        tokenizer.Decode([End]).Should().Be(token, "no file calls it special");
    }

    /// <summary>Added tokens, none of them flagged, and no template that writes them.</summary>
    [Theory]
    [InlineData("<tool_response>", false)]
    [InlineData("[TOOL_CALLS]", false)]
    [InlineData("]~b]", false)]
    [InlineData("<end_of_turn>", false)]
    [InlineData("<table>", true)]
    [InlineData("</td>", true)]
    [InlineData("   ", true)]
    [InlineData("....", true)]
    [InlineData("word", true)]
    public void Markup_is_not_for_others_to_write_and_what_texts_are_made_of_is(string token, bool isText)
    {
        using var folder = Folder(token, []);
        var ids = TokenizerFiles.Load(folder.Path).Encode(token, [new TextSpan(0, token.Length)]);

        if (isText) ids.Should().Equal(End);
        else ids.Should().NotContain(End);
    }

    [Theory]
    [InlineData("Human:", "{% for m in messages %}Human: {{ m.content }}{% endfor %}", false)]
    [InlineData("Human:", "{% for m in messages %}{{ m.content }}{% endfor %}", true)]
    [InlineData("<table>", "<table>{{ messages[0].content }}", false)]
    [InlineData("messages", "{{ messages[0].content }}", true)]
    [InlineData("<<<", "<<<{{ messages[0].content }}", false)]
    public void A_mark_that_the_template_writes_is_not_for_others_to_write(string token, string template, bool isText)
    {
        using var folder = Folder(token, [("chat_template.jinja", template)]);
        var ids = TokenizerFiles.Load(folder.Path).Encode(token, [new TextSpan(0, token.Length)]);

        if (isText) ids.Should().Equal(End);
        else ids.Should().NotContain(End);
    }

    /// <summary>Flagged or not, in the vocabulary or not, cut into words or not: whole texts are looked up by ignore_merges.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Markup_that_is_in_the_vocabulary_too_is_not_found_as_a_whole_word(bool special)
    {
        var json = TestTokenizers.SmallJson();
        json["pre_tokenizer"] = null;
        json["model"]!["ignore_merges"] = true;
        json["model"]!["vocab"]!["<end>"] = End;
        json["added_tokens"] = new JsonArray(new JsonObject { ["id"] = End, ["content"] = "<end>", ["special"] = special, ["normalized"] = !special });
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.Encode("<end>").Should().Equal(End);
        tokenizer.Encode("<end>", [new TextSpan(0, 5)]).Should().NotContain(End);
        tokenizer.Encode("<end>", [new TextSpan(1, 1)]).Should().NotContain(End);
    }

    [Fact]
    public void An_end_that_the_template_writes_ends_answers_whatever_its_flag()
    {
        using var folder = Folder("<turn>", [("chat_template.jinja", "{% for m in messages %}{{ m.content }}<turn>\n{% endfor %}")]);
        var format = ChatFormat.For("m", folder.Path, TokenizerFiles.Load(folder.Path), own: null, TimeProvider.System);

        format.EndIds.Should().Equal(End);
        format.EncodeUpTo(1000, [new ChatTurn("user", "a<turn>")])!.Count(id => id == End).Should().Be(1, "the template writes one");
    }

    [Fact]
    public void An_eos_token_ends_answers_whatever_its_flag()
    {
        using var folder = Folder(("special_tokens_map.json", """{ "eos_token": "<end>" }"""), ("chat_template.jinja", "{{ messages[0].content }}"));

        ChatFormat.For("m", folder.Path, TokenizerFiles.Load(folder.Path), own: null, TimeProvider.System).EndIds.Should().Equal(End);
    }

    [Fact]
    public void The_config_goes_before_the_map_and_the_map_fills_its_gaps()
    {
        using var folder = Folder(
            ("tokenizer_config.json", """{ "eos_token": "<end>", "bos_token": null }"""),
            ("special_tokens_map.json", """{ "eos_token": "<other>", "bos_token": { "content": "<s>" } }"""));

        SpecialTokenFiles.Read(new FolderFiles(folder.Path)).Named.Should().Equal(new Dictionary<string, string>(StringComparer.Ordinal) { ["eos_token"] = "<end>", ["bos_token"] = "<s>" });
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "12": { "content": "<late>", "special": true }, "13": { "content": "<text>" } } }""", true)]
    [InlineData("added_tokens.json", """{ "<late>": 12, "<text>": 13 }""", false)]
    public void Tokens_that_stand_beside_the_file_are_tokens(string file, string content, bool special)
    {
        using var folder = Folder((file, content));
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.VocabularySize.Should().Be(14);
        tokenizer.Encode("a<late><text>").Should().Equal(0, 12, 13);
        tokenizer.Decode([0, 12, 13]).Should().Be(special ? "a<text>" : "a<late><text>");
    }

    [Fact]
    public void A_special_token_of_the_vocabulary_alone_is_recognised()
    {
        using var folder = Folder(("special_tokens_map.json", """{ "unk_token": "abc" }"""));
        var tokenizer = TokenizerFiles.Load(folder.Path);

        tokenizer.Encode("cabc").Should().Equal(2, 6);
        tokenizer.Encode("cabc", [new TextSpan(0, 4)]).Should().Equal([2, 4, 2], "no merge makes it of what others wrote");
    }

    /// <summary>Without a pre-tokenizer the whole text is a word, and ignore_merges looks words up whole.</summary>
    [Fact]
    public void A_special_token_of_the_vocabulary_is_not_found_as_a_whole_word()
    {
        var json = TestTokenizers.SmallJson();
        json["pre_tokenizer"] = null;
        json["model"]!["ignore_merges"] = true;
        json["model"]!["vocab"]!["<s>"] = 7;
        json["model"]!["vocab"]!["<"] = 10;
        json["model"]!["vocab"]!["s"] = 11;
        json["model"]!["vocab"]![">"] = 12;
        var tokenizer = TestTokenizers.Read(json);

        tokenizer.Encode("<s>").Should().Equal(7);
        tokenizer.Encode("<s>", [new TextSpan(0, 3)]).Should().Equal(10, 11, 12);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "x": { "content": "<late>" } } }""", "*tokenizer_config.json*added_tokens_decoder*key \"x\"*")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "12": 5 } }""", "*tokenizer_config.json*added_tokens_decoder.12*expected an object*")]
    [InlineData("tokenizer_config.json", """{ "added_tokens_decoder": { "3": { "content": "<late>" } } }""", "*tokenizer.json: added_tokens is without \"<late>\"*the id 3 that another token has*")]
    [InlineData("added_tokens.json", """{ "<late>": 4194304 }""", "*added_tokens.json*<late>*4194304*")]
    [InlineData("special_tokens_map.json", """{ "eos_token": 5 }""", "*special_tokens_map.json*eos_token*5*a string*")]
    [InlineData("special_tokens_map.json", "[]", "*special_tokens_map.json*expected an object*")]
    public void Malformed_files_are_refused_with_their_field(string file, string content, string message)
    {
        using var folder = Folder((file, content));
        var load = () => TokenizerFiles.Load(folder.Path);
        load.Should().Throw<CheckpointException>().WithMessage(message);
    }

    private static TempFolder Folder(params (string Name, string Content)[] files) => Folder("<end>", files);

    /// <summary>The small tokenizer with three added tokens, none of them flagged special.</summary>
    private static TempFolder Folder(string end, (string Name, string Content)[] files)
    {
        var json = TestTokenizers.SmallJson();
        json["added_tokens"] = new JsonArray(Added(End, end), Added(Think, "<think>"), Added(Spaces, "  "));
        var folder = new TempFolder();
        File.WriteAllText(folder["tokenizer.json"], json.ToJsonString(), Encoding.UTF8);
        foreach (var (name, content) in files) File.WriteAllText(folder[name], content, Encoding.UTF8);
        return folder;
    }

    private static JsonObject Added(int id, string content) => new() { ["id"] = id, ["content"] = content, ["special"] = false, ["normalized"] = false };
}
