using System.Text;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>Editors put a byte order mark before UTF-8. No JSON file is refused for one.</summary>
public class JsonTextTests
{
    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    [Fact]
    public void Every_JSON_file_of_a_model_may_have_a_mark()
    {
        using var folder = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(TestData.Model("tiny-s")).Append(Path.Combine(TestData.Model("stories260K"), "LICENSE")))
        {
            var bytes = File.ReadAllBytes(file);
            File.WriteAllBytes(folder[Path.GetFileName(file)], Path.GetExtension(file) == ".json" ? [.. Mark, .. bytes] : bytes);
        }

        foreach (var name in new[] { "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json" })
            File.WriteAllBytes(folder[name], [.. Mark, .. "{}"u8]);

        using var checkpoint = Checkpoint.Open(folder.Path);
        using var plain = Checkpoint.Open(TestData.Model("tiny-s"));
        checkpoint.Info.Exits.Should().Equal(plain.Info.Exits);
        TokenizerFiles.Load(folder.Path).Encode("Once upon").Should().Equal(TokenizerFiles.Load(TestData.Model("tiny-s")).Encode("Once upon"));
    }

    [Fact]
    public void The_place_of_a_fault_is_found_behind_a_mark()
    {
        BrokenJson.Place(Encoding.UTF8.GetBytes("\uFEFF{ \"models\": { \"path\": ! } }")).Should().Be(", at 'models.path'");
    }

    [Fact]
    public void A_second_mark_is_no_JSON()
    {
        var parse = () => JsonText.Parse(Encoding.UTF8.GetBytes("\uFEFF\uFEFF{}"), default);
        parse.Should().Throw<System.Text.Json.JsonException>();
    }
}
