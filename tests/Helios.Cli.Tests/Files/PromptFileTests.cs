using Helios.Cli.Files;

namespace Helios.Cli.Tests.Files;

public sealed class PromptFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Reads_a_prompt_a_line()
    {
        var file = folder.Write("prompts.jsonl", """
            {"prompt": "Once", "maxTokens": 64, "tenant": "a"}

            {"prompt": "Twice", "domain": "stories"}
            """);
        PromptFile.Read(file, defaultMaxTokens: 7).Should().Equal(new PromptLine("Once", 64, "a"), new PromptLine("Twice", 7, null));
    }

    [Fact]
    public void Reads_arrivals()
    {
        var file = folder.Write("prompts.jsonl", """
            {"prompt": "Once", "atMs": 0}
            {"prompt": "Twice", "atMs": 12.5}
            {"prompt": "Thrice", "atMs": 12.5}
            """);
        PromptFile.Read(file, defaultMaxTokens: 7).Select(prompt => prompt.AtMs).Should().Equal(0, 12.5, 12.5);
    }

    [Theory]
    [InlineData("", "there are no prompts")]
    [InlineData("{", "line 1: the line is not valid JSON")]
    [InlineData("{\"prompt\":\"\\ud800\"}", "line 1: the line holds text that is not valid Unicode")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":NaN}", "line 1: the line is not valid JSON, at 'atMs' (")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":Infinity}", "line 1: the line is not valid JSON, at 'atMs' (")]
    [InlineData("{}", "line 1: prompt is missing")]
    [InlineData("{\"prompt\":\"a\"}\n[]", "line 2: is []")]
    [InlineData("{\"prompt\":1}", "line 1: prompt is 1")]
    [InlineData("{\"prompt\":\"a\",\"maxTokens\":0}", "line 1: maxTokens is 0; expected a whole number of at least 1")]
    [InlineData("{\"prompt\":\"a\",\"maxTokens\":1.5}", "line 1: maxTokens is 1.5")]
    [InlineData("{\"prompt\":\"a\",\"tenant\":\"\"}", "line 1: tenant is \"\"")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":-1}", "line 1: atMs is -1; expected milliseconds of at least 0")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":\"soon\"}", "line 1: atMs is \"soon\"")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":5}\n\n{\"prompt\":\"a\",\"atMs\":4}", "line 3: atMs is 4; expected at least the 5 of the line before")]
    [InlineData("{\"prompt\":\"a\",\"atMs\":5}\n{\"prompt\":\"a\"}", "line 2: atMs is missing; expected an arrival")]
    [InlineData("{\"prompt\":\"a\"}\n{\"prompt\":\"a\",\"atMs\":5}", "line 2: atMs is 5; expected none")]
    public void Names_file_line_and_field_of_what_is_wrong(string text, string expected)
    {
        var read = () => PromptFile.Read(folder.Write("prompts.jsonl", text), defaultMaxTokens: 7);
        read.Should().Throw<FileException>().Which.Message.Should().Contain("prompts.jsonl").And.Contain(expected);
    }
}
