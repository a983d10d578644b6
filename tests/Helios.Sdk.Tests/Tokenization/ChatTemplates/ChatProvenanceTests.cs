using System.Text.Json;
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
        { "{{ messages[0].content + ' ' + 'plain' }}{{ strftime_now(messages[0].content) }}", "«Secret text» plain«Secret text»" },
        { "{{ ['a', 'b'] | tojson(separators=(messages[0].content, ':')) }}", "[\"a\"«Secret text»\"b\"]" },
        { "{{ {'a': 1} | tojson(separators=(',', messages[0].content)) }}", "{\"a\"«Secret text»1}" },
        { "{{ ['a'] | tojson(indent=messages[0].content) }}", "[\n«Secret text»\"a\"\n]" },
        { "{{ '{}{:>13}'.format('a', messages[0].content) }}{{ '%s!' % messages[0].content }}", "a  «Secret textSecret text»!" },
        { "{{ messages[0].content.format() }}{{ messages[0].content | format }}", "«Secret textSecret text»" },
        { "{{ '<' | safe + messages[0].content }}{{ messages[0].content | escape }}", "<«Secret textSecret text»" },
        { "{% filter upper %}a{{ messages[0].content }}{% endfilter %}{% set x | trim %} {{ messages[0].content }}{% endset %}{{ x }}", "«ASECRET TEXTSecret text»" },
        { "{{ messages[0].content.partition(' ') | join('|') }}", "«Secret»|« »|«text»" },
        { "{{ {messages[0].content: 'a'} }}{% for k in {messages[0].content: 1} %}{{ k }}{% endfor %}", "{«'Secret text'»: 'a'}«Secret text»" },
        { "{{ [messages[0].content, 'a'] | sort | first }}{{ [messages[0].content] | unique | first }}{{ [messages[0].content] | max }}", "a«Secret textSecret text»" },
        { "{{ dict(a=messages[0].content).a }}{{ namespace(a=messages[0].content).a }}{{ messages[0].content | attr('nope') }}", "«Secret textSecret text»" },
        { "{{ 'The role is user' if messages[0].role == 'user' }}", "The role is user" },
    };

    [Theory]
    [InlineData("{{ messages | map(messages[0].content) | list }}", "not of the template's own words")]
    [InlineData("{{ messages | select(messages[0].content) | list }}", "not of the template's own words")]
    [InlineData("{{ messages | map(attribute=messages[0].content + '.x') | list }}", "'an item' is undefined")]
    [InlineData("{{ messages[0][messages[0].content].x }}", "'an item' is undefined")]
    [InlineData("{{ 64[messages[0].content].x }}", "'an item' is undefined")]
    [InlineData("{{ range[messages[0].content] + 1 }}", "'an item' is undefined")]
    [InlineData("{{ strftime_now(messages[0].content + '%Q') }}", "the format is not supported")]
    [InlineData("{{ (messages[0].content + '{x}').format(1) }}", "has a field that is not given")]
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

    /// <summary>Numbers of a conversation are words of it too: a template that puts them into a token must not make a token of the caller's choice.</summary>
    [Theory]
    [InlineData("<|{{ messages[0].n }}|>", "<|«7»|>")]
    [InlineData("<|{{ messages[0].n + 1 }}|>{{ -messages[0].n }}{{ messages[0].n * 1.5 }}", "<|«8»|>«-710.5»")]
    [InlineData("{{ messages[0].s | int }}|{{ messages[0].s | float }}|{{ messages[0].x | round(1) }}|{{ messages[0].x | int }}|{{ messages[0].n | abs }}", "«12»|«12.0»|«2.5»|«2»|«7»")]
    [InlineData("{{ [messages[0].n, 1] }}{{ {'n': messages[0].n} | tojson }}{{ '{:d}'.format(messages[0].n) }}{{ '%d' % messages[0].n }}{{ [messages[0].n, 2] | sum }}", "[«7», 1]{\"n\": «7»}«779»")]
    [InlineData("{{ messages | tojson }}", "[{«\"n\"»: «7», «\"s\"»: «\"12\"», «\"x\"»: «2.5»}]")]
    [InlineData("{{ messages[0].items() | list }}{{ tools[0].name }}{{ mood }}", "[(«'n'», «7»), («'s'», «'12'»), («'x'», «2.5»)]«tgay»")]
    public void What_comes_as_JSON_is_the_callers_names_and_numbers_included(string source, string expected)
    {
        using var json = JsonDocument.Parse("""{ "messages": [{ "n": 7, "s": "12", "x": 2.5 }], "tools": [{ "name": "t" }], "mood": "gay" }""");
        var input = new ChatTemplateInput
        {
            Messages = json.RootElement.GetProperty("messages"),
            Tools = json.RootElement.GetProperty("tools"),
            Arguments = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["mood"] = json.RootElement.GetProperty("mood") },
        };
        Marked(ChatTemplate.Parse(source, "test").Render(Conversation.Of(input), new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now)).Should().Be(expected);
    }

    /// <summary>Whatever a program does: characters that nobody but the caller has stay marked as the caller's.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void No_random_template_launders_what_the_caller_wrote(int seed)
    {
        const string callers = "\ue000\ue001 \ue002a\ue003\ue004\n\ue005";
        var random = new Random(seed);
        var found = 0;
        for (var i = 0; i < 1500; i++)
        {
            var source = RandomTemplates.Program(random);
            TextValue text;
            try
            {
                text = ChatTemplate.Parse(source, "test", new TemplateLimits { Steps = 20_000, TextLength = 20_000 }).Render(
                    Conversation.Of([new ChatTurn("\ue006", callers), new ChatTurn("user", callers)], addGenerationPrompt: true),
                    new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>" },
                    ChatTemplateGoldenTests.Now);
            }
            catch (Exception e) when (e is ChatTemplateException or ConversationRefusedException)
            {
                e.Message.Should().NotMatchRegex("[\ue000-\ue006]", source);
                continue;
            }

            var own = text.Text;
            foreach (var span in text.Verbatim.Reverse()) own = own.Remove(span.Start, span.Length);
            own.Should().NotMatchRegex("[\ue000-\ue006]", source);
            if (text.Text.Length > own.Length) found++;
        }

        found.Should().BeGreaterThan(20, "some random templates write what the caller wrote");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_template_cannot_launder_what_the_caller_wrote(string source, string expected)
    {
        var text = ChatTemplate.Parse(source, "test").Render(
            Conversation.Of([new ChatTurn("user", "Secret text"), new ChatTurn("assistant", "")], addGenerationPrompt: true),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
            ChatTemplateGoldenTests.Now);

        Marked(text).Should().Be(expected.Replace("«»", "", StringComparison.Ordinal));
    }

    private static string Marked(TextValue text)
    {
        var marked = text.Text;
        foreach (var span in text.Verbatim.Reverse()) marked = marked.Insert(span.End, "»").Insert(span.Start, "«");
        return marked;
    }
}
