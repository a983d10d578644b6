using Helios.Cli.Files;

namespace Helios.Cli.Tests.Files;

public sealed class TextFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.jsonl", "{\"prompt\": \"Once\", \"domain\": \"stories\"}\n\n{\"text\": \"Twice\"}\n")]
    [InlineData("a.json", "[ { \"text\": \"Once\" },\n { \"prompt\": \"Twice\", \"maxTokens\": 7 } ]")]
    [InlineData("a.txt", "\nOnce\n \n\nTwice")]
    [InlineData("a", "Once\r\n\r\nTwice\r\n")]
    [InlineData("a.jsonl", "\uFEFF{\"prompt\": \"Once\"}\n{\"text\": \"Twice\"}\n")]
    [InlineData("a.json", "\uFEFF[ { \"text\": \"Once\" }, { \"text\": \"Twice\" } ]")]
    [InlineData("a.txt", "\uFEFFOnce\n\nTwice")]
    public void Reads_the_texts_of_every_kind_of_file(string name, string text) =>
        TextFile.Read(folder.Write(name, text)).Should().Equal("Once", "Twice");

    [Fact]
    public void Lines_of_plain_text_stay_together() =>
        TextFile.Read(folder.Write("a.txt", "Once\nupon\n\n[\n{")).Should().Equal("Once\nupon", "[\n{");

    [Theory]
    [InlineData("a.txt", " \n\n", "there are no texts")]
    [InlineData("a.json", "[]", "there are no texts")]
    [InlineData("a.json", "{\"text\":\"a\"}", "one JSON Object; expected a list of objects")]
    [InlineData("a.json", "[\n{\"text\":\"a\"},\n{\"text\" \"b\"}]", "the file is not valid JSON, line 3")]
    [InlineData("a.json", "[{\"text\":\"\\ud800\"}]", "a.json: the file holds text that is not valid Unicode")]
    [InlineData("a.json", "[{\"text\":\"a\"},7]", "[1] is 7; expected an object")]
    [InlineData("a.json", "[{\"text\":\"a\"},{\"text\":1}]", "[1].text is 1")]
    [InlineData("a.jsonl", "{\"text\":\"a\"}\n{", "line 2: the line is not valid JSON")]
    [InlineData("a.jsonl", "{\"question\":\"a\"}", "line 1: prompt is missing; expected a text as text or prompt")]
    [InlineData("a.jsonl", "{\"text\":\"\"}", "line 1: text is \"\"")]
    public void Names_file_and_place_of_what_is_wrong(string name, string text, string expected)
    {
        var read = () => TextFile.Read(folder.Write(name, text));
        read.Should().Throw<FileException>().Which.Message.Should().Contain(name).And.Contain(expected);
    }
}
