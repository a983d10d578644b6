using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>Ids that other implementations gave.</summary>
public class GoldenTests
{
    [Theory]
    [InlineData("tiny-s")]
    [InlineData("tiny-m")]
    public void Sample_models_give_the_ids_they_were_trained_with(string model)
    {
        var tokenizer = Helios.Sdk.Tokenization.TokenizerFiles.Load(TestData.Model(model));
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestData.Model(model), "tokenizer.golden.json")));

        foreach (var item in golden.RootElement.EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var ids = item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            tokenizer.Encode(text).Should().Equal(ids, "this is {0}", text);
            tokenizer.Encode(text, addSpecialTokens: false).Should().Equal(ids, "the post-processor is null");
            tokenizer.Decode(ids, skipSpecialTokens: false).Should().Be(text);
        }

        golden.RootElement.GetArrayLength().Should().BeGreaterThan(5);
    }

    [Fact]
    public void Gpt2_gives_the_published_ids()
    {
        // The cases are of GPT-2 proper, before tokens for runs of white space were added to this file.
        var json = TestTokenizers.ReadGpt2Json();
        var added = json["added_tokens"]!.AsArray();
        while (added.Count > 1) added.RemoveAt(1);
        var tokenizer = TestTokenizers.Read(json);

        var cases = Gpt2Cases().ToArray();
        cases.Should().HaveCount(46);
        foreach (var (text, ids) in cases)
        {
            tokenizer.Encode(text).Should().Equal(ids, "this is {0}", JsonValue.Create(text).ToJsonString());
            tokenizer.Decode(ids).Should().Be(text);
        }
    }

    [Fact]
    public void Gpt2_with_added_tokens_takes_the_longest_run_of_spaces()
    {
        var tokenizer = TestTokenizers.Gpt2;

        tokenizer.VocabularySize.Should().Be(50295);
        tokenizer.Encode("a" + new string(' ', 40) + "b").Should().Equal(64, 50257, 50279, 65);
        tokenizer.Encode("<|endoftext|>\t\t").Should().Equal(50256, 50294);
        tokenizer.Decode([64, 50257, 50279, 65]).Should().Be("a" + new string(' ', 40) + "b");
        foreach (var (text, ids) in Gpt2Cases().Where(c => !c.Text.Contains("  ", StringComparison.Ordinal) && !c.Text.Contains('\t', StringComparison.Ordinal)))
            tokenizer.Encode(text).Should().Equal(ids);
    }

    [Fact]
    public void Stories260K_gives_the_published_number_of_ids()
    {
        const string Text = "One day, a clever fox found a shiny key under the old oak tree.";
        var tokenizer = TestTokenizers.Stories260K;

        var ids = tokenizer.Encode(Text);

        ids.Should().HaveCount(35);
        ids[0].Should().Be(1, "BOS");
        tokenizer.Encode(Text, addSpecialTokens: false).Should().Equal(ids.Skip(1));
        tokenizer.Decode(ids).Should().Be(Text);
        tokenizer.Decode(ids, skipSpecialTokens: false).Should().Be("<s> " + Text);
    }

    /// <summary>llama.cpp's test files: texts between marker lines, ids a line; the newline before a marker is the marker's.</summary>
    private static IEnumerable<(string Text, int[] Ids)> Gpt2Cases()
    {
        var texts = File.ReadAllText(Path.Combine(TestTokenizers.Gpt2Folder, "golden.inp")).Split("\n__ggml_vocab_test__\n");
        var ids = File.ReadAllText(Path.Combine(TestTokenizers.Gpt2Folder, "golden.out")).Split('\n');
        return texts.Zip(ids).SkipLast(1).Select(c => (c.First, c.Second
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray()));
    }
}
