using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>What the caller wrote stays marked as the caller's on its way through a template.</summary>
public class ChatProvenanceTests
{
    public static TheoryData<string, string> Ways() => new()
    {
        { "<{{ messages[0].content }}>", "<«Secret text»>" },
        { "{{ '<' + messages[0]['content'] + '>' }}", "<«Secret text»>" },
        { "{{ '<' ~ messages[0].role ~ messages[0].content ~ '>' }}", "<«userSecret text»>" },
        { "{{ ('  ' + messages[0].content + '  ') | trim }}", "«Secret text»" },
        { "{{ messages[0].content[2:4] + 'x' }}", "«cr»x" },
        { "{{ messages[0].content.split(' ') | join('-') }}", "«Secret»-«text»" },
        { "{{ messages[0].content | replace('e', 'E') }}", "«S»E«cr»E«t t»E«xt»" },
        { "{{ 'a-b' | replace('-', messages[0].content) }}", "a«Secret text»b" },
        { "{{ messages[0].content | upper }}!", "«SECRET TEXT»!" },
        { "{{ messages[0].content | tojson }}!", "«\"Secret text\"»!" },
        { "{{ messages[0] | tojson }}", "{\"role\": «\"user\"», \"content\": «\"Secret text\"»}" },
        { "{{ messages[0] }}", "{'role': «'user'», 'content': «'Secret text'»}" },
        { "{% set x %}[{{ messages[0].content }}]{% endset %}{{ x }}", "[«Secret text»]" },
        { "{% macro m(t) %}[{{ t }}]{% endmacro %}{{ m(messages[0].content) | trim }}", "[«Secret text»]" },
        { "{% set ns = namespace(t='') %}{% for c in messages[0].content[:2] %}{% set ns.t = ns.t + c + '.' %}{% endfor %}{{ ns.t }}", "«S».«e»." },
        { "{{ messages | map(attribute='content') | join(', ') }}", "«Secret text», «»" },
        { "{{ messages[0].content | indent(2) | reverse }}", "«txet terceS»" },
        { "{{ messages[0].content if true else '' }}{{ messages[1].content | default('none', true) }}", "«Secret text»none" },
        { "{{ bos_token }}{{ eos_token * 2 }}", "<s></s></s>" },
        { "{{ 'The role is user' if messages[0].role == 'user' }}", "The role is user" },
    };

    [Theory]
    [InlineData("{{ messages | map(messages[0].content) | list }}", "not of the template's own words")]
    [InlineData("{{ messages | select(messages[0].content) | list }}", "not of the template's own words")]
    [InlineData("{{ messages | map(attribute=messages[0].content + '.x') | list }}", "'an item' is undefined")]
    [InlineData("{{ messages[0][messages[0].content].x }}", "'an item' is undefined")]
    [InlineData("{{ messages[0].content() }}", "a string cannot be called")]
    [InlineData("{{ messages[0].content + 1 }}", "a string and an integer")]
    public void What_the_caller_wrote_stands_in_no_message(string source, string expected)
    {
        var render = () => ChatTemplate.Parse(source, "test").Render(
            Conversation.Of([new ChatTurn("user", "Secret text")], addGenerationPrompt: true), new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now);
        render.Should().Throw<ChatTemplateException>().WithMessage($"*{expected}*").Which.Message.Should().NotContain("Secret");
    }

    [Fact]
    public void A_refusal_has_the_words_of_the_template_alone()
    {
        var render = () => ChatTemplate.Parse("{{ raise_exception('Found ' + messages[0].content + '!') }}", "test").Render(
            Conversation.Of([new ChatTurn("user", "Secret text")], addGenerationPrompt: true), new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now);
        render.Should().Throw<ConversationRefusedException>().WithMessage("The model's chat template refuses the conversation: Found (...)!");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_template_cannot_launder_what_the_caller_wrote(string source, string expected)
    {
        var text = ChatTemplate.Parse(source, "test").Render(
            Conversation.Of([new ChatTurn("user", "Secret text"), new ChatTurn("assistant", "")], addGenerationPrompt: true),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
            ChatTemplateGoldenTests.Now);

        var marked = text.Text;
        foreach (var span in text.Verbatim.Reverse()) marked = marked.Insert(span.End, "»").Insert(span.Start, "«");
        marked.Should().Be(expected.Replace("«»", "", StringComparison.Ordinal));
    }
}
