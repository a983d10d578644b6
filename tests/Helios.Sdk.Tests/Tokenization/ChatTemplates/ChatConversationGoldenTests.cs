using System.Text.Json;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>Conversations with tools and variables render as Hugging Face renders them; see tests/data/chat-templates/conversations.</summary>
public class ChatConversationGoldenTests
{
    private static readonly DateTimeOffset Day = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    private static readonly string Folder = Path.Combine(TestData.Root, "tests", "data", "chat-templates", "conversations");

    [Theory]
    [InlineData("granite-3.3", 50)]
    [InlineData("qwen3", 50)]
    public void Every_conversation_renders_as_Hugging_Face_renders_it(string name, int least)
    {
        var renderer = ChatTemplateRenderer.Load(Path.Combine(Folder, name + ".jinja"));
        var rendered = 0;
        foreach (var line in File.ReadLines(Path.Combine(Folder, name + ".jsonl")))
        {
            using var golden = JsonDocument.Parse(line);
            var one = golden.RootElement;
            var input = new ChatTemplateInput
            {
                Messages = one.GetProperty("messages"),
                Tools = one.GetProperty("tools"),
                Arguments = one.GetProperty("kwargs").EnumerateObject().ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal),
                AddGenerationPrompt = one.GetProperty("add_generation_prompt").GetBoolean(),
            };
            if (one.TryGetProperty("rendered", out var text))
            {
                rendered++;
                renderer.Render(input, Day).Text.Should().Be(text.GetString(), line);
            }
            else
            {
                renderer.Invoking(that => that.Render(input, Day)).Should().Throw<Exception>(line).Which.Should().Match(error => error is ChatTemplateException || error is ConversationRefusedException);
            }
        }

        rendered.Should().BeGreaterThanOrEqualTo(least);
    }
}
