using System.Text.Json;

namespace Helios.Cli.Tests.Commands;

public sealed class TokenizeCommandTests
{
    [Fact]
    public async Task Encodes_with_special_tokens_unless_asked_otherwise()
    {
        (await CliRunner.JsonAsync("tokenize", TestData.Stories, "--text", "Once upon a time")).Ints("ids").Should().Equal(1, 403, 407, 261, 378);
        (await CliRunner.JsonAsync("tokenize", TestData.Stories, "--text", "Once upon a time", "--no-special")).Ints("ids").Should().Equal(403, 407, 261, 378);
    }

    [Fact]
    public async Task Decodes_with_special_tokens_unless_asked_otherwise()
    {
        (await CliRunner.JsonAsync("tokenize", TestData.Stories, "--decode", "1,403,407,261,378")).Text("text").Should().Be("<s> Once upon a time");
        (await CliRunner.JsonAsync("tokenize", TestData.Stories, "--decode", "1,403,407,261,378", "--no-special")).Text("text").Should().Be("Once upon a time");
    }

    [Fact]
    public async Task Encodes_as_the_golden_file_says()
    {
        using var golden = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(TestData.TinyS, "tokenizer.golden.json")));
        foreach (var sample in golden.RootElement.EnumerateArray())
            (await CliRunner.JsonAsync("tokenize", TestData.TinyS, "--text", sample.Text("text")!)).Ints("ids").Should().Equal(sample.Ints("ids"));
    }

    /// <summary>The same ids, whichever file of the tokenizer there is.</summary>
    [Fact]
    public async Task Reads_a_folder_that_holds_only_a_sentencepiece_model()
    {
        using var folder = new TempFolder();
        File.Copy(Path.Combine(TestData.Stories, "tokenizer.model"), Path.Combine(folder.Path, "tokenizer.model"));
        (await CliRunner.JsonAsync("tokenize", folder.Path, "--text", "Once upon a time")).Ints("ids").Should().Equal(1, 403, 407, 261, 378);
    }

    [Fact]
    public async Task Reads_a_file()
    {
        using var folder = new TempFolder();
        var file = folder.Write("text.txt", "Once upon a time");
        (await CliRunner.JsonAsync("tokenize", TestData.Stories, "--file", file)).Ints("ids").Should().Equal(1, 403, 407, 261, 378);
    }

    [Fact]
    public async Task Encodes_a_text_a_line()
    {
        using var folder = new TempFolder();
        var file = folder.Write("texts.jsonl", "{\"text\":\"Once upon a time\"}\n{\"text\":\"\",\"more\":1}\n");

        var lines = await CliRunner.LinesAsync("tokenize", TestData.Stories, "--lines", file, "--no-special");

        lines.Should().HaveCount(2);
        lines[0].Ints("ids").Should().Equal(403, 407, 261, 378);
        lines[0].Text("decoded").Should().Be("Once upon a time");
        lines[1].Ints("ids").Should().BeEmpty();
    }

    [Fact]
    public async Task A_line_without_a_text_is_named()
    {
        using var folder = new TempFolder();
        var result = await CliRunner.RunAsync("tokenize", TestData.Stories, "--lines", folder.Write("texts.jsonl", "{\"text\":5}\n"));

        result.Code.Should().Be(ExitCode.Failed);
        result.Error.Should().Contain("texts.jsonl, line 1: text is 5; expected a text");
    }

    [Theory]
    [InlineData("")]
    [InlineData("@file")]
    [InlineData("-5 --x")]
    [InlineData("[red]é 😀[/]")]
    public async Task Takes_text_as_it_is(string text)
    {
        var ids = (await CliRunner.JsonAsync("tokenize", TestData.TinyS, "--text", text)).Ints("ids");
        if (ids.Length == 0)
        {
            text.Should().BeEmpty();
            return;
        }

        var decoded = await CliRunner.RunAsync("tokenize", TestData.TinyS, "--decode", string.Join(',', ids));
        decoded.Out.TrimEnd('\n').Should().Be(text);
    }
}
