using System.Text.Json;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>Templates of model families render as Jinja2 under Hugging Face's settings does; see tests/data/chat-templates/generate.py.</summary>
public class ChatTemplateGoldenTests
{
    public static readonly DateTimeOffset Now = new(2026, 11, 5, 7, 8, 9, TimeSpan.Zero);

    private static readonly string Folder = Path.Combine(TestData.Root, "tests", "data", "chat-templates");

    [Theory]
    [InlineData("llama-2")]
    [InlineData("llama-3")]
    [InlineData("llama-3.1")]
    [InlineData("llama-3.2")]
    [InlineData("mistral")]
    [InlineData("mistral-nemo")]
    [InlineData("zephyr")]
    [InlineData("chatml")]
    [InlineData("smollm2")]
    [InlineData("smollm3")]
    [InlineData("qwen-think")]
    public void Every_conversation_renders_as_Jinja2_renders_it(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));
        var template = ChatTemplate.Parse(golden.RootElement.GetProperty("template").GetString()!, name);
        var tokens = golden.RootElement.GetProperty("specialTokens").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetString()!, StringComparer.Ordinal);
        var cases = golden.RootElement.GetProperty("cases").EnumerateArray().ToList();
        cases.Should().HaveCountGreaterThanOrEqualTo(16);
        cases.Count(one => one.GetProperty("text").ValueKind == JsonValueKind.String).Should().BeGreaterThanOrEqualTo(8);
        foreach (var one in cases)
        {
            var turns = one.GetProperty("messages").EnumerateArray().Select(turn => new ChatTurn(turn.GetProperty("role").GetString()!, turn.GetProperty("content").GetString()!)).ToList();
            TextOf(() => template.Render(Conversation.Of(turns, one.GetProperty("addGenerationPrompt").GetBoolean()), tokens, Now)).Should().Be(one.GetProperty("text").GetString(), one.GetRawText());
        }
    }

    [Fact]
    public void Every_snippet_renders_as_Jinja2_renders_it()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "snippets.json")));
        var snippets = golden.RootElement.EnumerateArray().ToList();
        snippets.Should().HaveCountGreaterThan(250);
        foreach (var snippet in snippets)
        {
            var source = snippet.GetProperty("template").GetString()!;
            TextOf(() => ChatTemplate.Parse(source, "snippet").Render(new Dictionary<string, Value>(StringComparer.Ordinal), Now)).Should().Be(snippet.GetProperty("text").GetString(), source);
        }
    }

    [Fact]
    public void Filters_and_methods_of_texts_do_what_Pythons_do()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "texts.json")));
        var expressions = golden.RootElement.GetProperty("expressions").EnumerateArray().Select(expression => expression.GetString()!).ToList();
        var wrong = new List<string>();
        foreach (var one in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var s = one.GetProperty("s").GetString()!;
            foreach (var (text, expression) in one.GetProperty("texts").EnumerateArray().Zip(expressions))
            {
                var variables = new Dictionary<string, Value>(StringComparer.Ordinal) { ["s"] = new TextValue(s) };
                var rendered = TextOf(() => ChatTemplate.Parse($"{{{{ {expression} }}}}", "text").Render(variables, Now));
                if (rendered != text.GetString()) wrong.Add($"{expression} of '{s}' is '{rendered}', not '{text.GetString()}'");
            }
        }

        wrong.Should().BeEmpty();
    }

    /// <summary>The text; null where the template is refused or refuses.</summary>
    private static string? TextOf(Func<TextValue> render)
    {
        try
        {
            return render().Text;
        }
        catch (Exception error) when (error is ChatTemplateException or ConversationRefusedException)
        {
            return null;
        }
    }
}
