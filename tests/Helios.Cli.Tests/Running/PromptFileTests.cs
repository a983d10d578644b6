using Helios.Cli.Running;

namespace Helios.Cli.Tests.Running;

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

    [Theory]
    [InlineData("", "there are no prompts")]
    [InlineData("{", "line 1: the line is not valid JSON")]
    [InlineData("{}", "line 1: prompt is missing")]
    [InlineData("{\"prompt\":\"a\"}\n[]", "line 2: is []")]
    [InlineData("{\"prompt\":1}", "line 1: prompt is 1")]
    [InlineData("{\"prompt\":\"a\",\"maxTokens\":0}", "line 1: maxTokens is 0; expected a whole number of at least 1")]
    [InlineData("{\"prompt\":\"a\",\"maxTokens\":1.5}", "line 1: maxTokens is 1.5")]
    [InlineData("{\"prompt\":\"a\",\"tenant\":\"\"}", "line 1: tenant is \"\"")]
    public void Names_file_line_and_field_of_what_is_wrong(string text, string expected)
    {
        var read = () => PromptFile.Read(folder.Write("prompts.jsonl", text), defaultMaxTokens: 7);
        read.Should().Throw<FileException>().Which.Message.Should().Contain("prompts.jsonl").And.Contain(expected);
    }
}
