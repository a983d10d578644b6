using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.PreTokenizers;

namespace Helios.Sdk.MicrosoftTokenizers.Tests;

/// <summary>A file of ranks gives what the <c>tokenizer.json</c> of the same vocabulary gives.</summary>
public sealed class TiktokenTests : IDisposable
{
    private const string Config = """{ "added_tokens_decoder": { "50256": { "content": "<|endoftext|>", "special": true } } }""";

    private static readonly Lazy<JsonNode> Gpt2 = new(ReadGpt2);

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("r50k_base.tiktoken", null)]
    [InlineData("tokenizer.model", "gpt2")]
    public void Ids_text_and_bytes_are_those_of_its_tokenizer_json(string file, string? pattern)
    {
        File.WriteAllText(folder["tokenizer_config.json"], Config);
        File.WriteAllText(folder[file], Ranks());
        var options = new MicrosoftTokenizerOptions();
        if (pattern is not null) options.TiktokenPattern = Helios.Sdk.Tokenization.PreTokenizers.PublishedPatterns.Gpt2;
        var tokenizer = new MicrosoftTokenizerFactory(options).TryLoad(folder.Path)!;
        using var json = new TempFolder();
        File.WriteAllText(json["tokenizer.json"], Gpt2.Value.ToJsonString());
        var converted = TokenizerFiles.Load(json.Path);

        tokenizer.VocabularySize.Should().Be(50257);
        for (var id = 0; id < 50257; id++) tokenizer.GetBytes(id).SequenceEqual(converted.GetBytes(id)).Should().BeTrue("of {0}", id);
        foreach (var text in OracleTexts.Generate(1000, seed: 6))
        {
            var ids = tokenizer.Encode(text);
            if (!ids.SequenceEqual(converted.Encode(text))) ids.Should().Equal(converted.Encode(text), "this is {0}", text);
            tokenizer.Decode(ids).Should().Be(converted.Decode(ids));
        }
    }

    [Fact]
    public void Special_tokens_may_be_given_by_hand_and_are_not_made_of_what_others_wrote()
    {
        File.WriteAllText(folder["any.tiktoken"], Ranks());
        var options = new MicrosoftTokenizerOptions();
        options.TiktokenSpecialTokens["<|im_end|>"] = 60_000;
        var tokenizer = new MicrosoftTokenizerFactory(options).TryLoad(folder.Path)!;

        tokenizer.Encode("a<|im_end|>").Should().HaveCount(2).And.EndWith([60_000]);
        tokenizer.Encode("a<|im_end|>", [new TextSpan(0, 11)]).Should().NotContain(60_000);
        tokenizer.Decode([60_000]).Should().BeEmpty();
    }

    /// <summary>Microsoft's reader of such files does not end at a blank line between others.</summary>
    [Fact]
    public async Task Blank_lines_change_nothing()
    {
        File.WriteAllText(folder["any.tiktoken"], Ranks());
        using var airy = new TempFolder();
        File.WriteAllText(airy["any.tiktoken"], Ranks().Replace("\n", "\r\n \r\n", StringComparison.Ordinal));

        var tokenizer = await Task.Run(() => new MicrosoftTokenizerFactory().TryLoad(airy.Path)!).WaitAsync(TimeSpan.FromMinutes(1));

        tokenizer.Encode("Once upon a time").Should().Equal(new MicrosoftTokenizerFactory().TryLoad(folder.Path)!.Encode("Once upon a time"));
    }

    /// <summary>The file of ranks has the token too, and nothing cuts the text into words.</summary>
    [Fact]
    public void A_special_token_that_has_a_rank_is_not_made_of_what_others_wrote()
    {
        File.WriteAllText(folder["any.tiktoken"], Ranks() + Convert.ToBase64String("<end>"u8) + " 60000\n");
        File.WriteAllText(folder["tokenizer_config.json"], """{ "eos_token": "<end>" }""");
        var tokenizer = new MicrosoftTokenizerFactory(new MicrosoftTokenizerOptions { TiktokenPattern = "(?s).+" }).TryLoad(folder.Path)!;

        tokenizer.Encode("<end>").Should().Equal(60_000);
        foreach (var text in new[] { "<end>", "a<end>b<end>", string.Concat(Enumerable.Repeat("<end>", 150)) })
        {
            var ids = tokenizer.Encode(text, [new TextSpan(0, text.Length)]);
            ids.Should().NotContain(60_000);
            tokenizer.Decode(ids).Should().Be(text);
        }
    }

    [Fact]
    public void Words_without_end_are_cut_and_come_back()
    {
        File.WriteAllText(folder["any.tiktoken"], Ranks());
        var tokenizer = new MicrosoftTokenizerFactory().TryLoad(folder.Path)!;
        var text = new string('a', 5000) + string.Concat(Enumerable.Repeat("𝟙", 3000));

        tokenizer.Decode(tokenizer.Encode(text)).Should().Be(text);
    }

    [Theory]
    [InlineData("YQ== 0\nYg==", "*line 2 is 'Yg==', expected the Base64*")]
    [InlineData("YQ== 0\nYg== 0", "*line 2 has the id 0, which another line has*")]
    [InlineData("YQ== 0\nYQ== 1", "*line 2 has bytes that another line has*")]
    [InlineData("YQ== 0\nYg== 4194304", "*line 2 is*an id below 4194304*")]
    [InlineData("YQ== 0\nYg== 1", "*has tokens for 2 of the 256 bytes*")]
    public void Malformed_files_are_refused_with_the_line(string text, string message)
    {
        File.WriteAllText(folder["any.tiktoken"], text);
        var load = () => new MicrosoftTokenizerFactory().TryLoad(folder.Path);
        load.Should().Throw<CheckpointException>().WithMessage("*any.tiktoken" + message);
    }

    [Fact]
    public void Of_two_files_neither_is_guessed()
    {
        File.WriteAllText(folder["a.tiktoken"], "");
        File.WriteAllText(folder["b.tiktoken"], "");
        var load = () => new MicrosoftTokenizerFactory().TryLoad(folder.Path);
        load.Should().Throw<CheckpointException>().WithMessage("*2 .tiktoken files*expected one*");
    }

    /// <summary>GPT-2's ids are its ranks.</summary>
    private static string Ranks()
    {
        var lines = new StringBuilder();
        foreach (var (token, id) in Gpt2.Value["model"]!["vocab"]!.AsObject())
            if (token != "<|endoftext|>") lines.Append(Convert.ToBase64String(ByteLevelAlphabet.ToBytes(token))).Append(' ').Append(id!.GetValue<int>()).Append('\n');
        return lines.ToString();
    }

    /// <summary>Without the tokens for runs of white space, which the file of ranks does not have.</summary>
    private static JsonNode ReadGpt2()
    {
        using var file = File.OpenRead(Path.Combine(TestData.Root, "tests", "data", "tokenizers", "gpt2", "tokenizer.json.gz"));
        using var json = new GZipStream(file, CompressionMode.Decompress);
        var gpt2 = JsonNode.Parse(json)!;
        var added = gpt2["added_tokens"]!.AsArray();
        while (added.Count > 1) added.RemoveAt(1);
        return gpt2;
    }
}
