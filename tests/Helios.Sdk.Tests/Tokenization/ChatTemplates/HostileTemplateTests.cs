using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>A template is a program that nobody vouches for: it ends, within its limits, and fails with one exception alone.</summary>
public class HostileTemplateTests
{
    private static readonly TemplateLimits Small = new() { Steps = 20_000, TextLength = 10_000, Memory = 16 << 20 };

    public static TheoryData<string, string> Costly() => new()
    {
        { "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "more than 20000 steps" },
        { "{% set ns = namespace(t='x') %}{% for i in range(64) %}{% set ns.t = ns.t + ns.t %}{% endfor %}", "longer than 10000 characters" },
        { "{{ 'x' * 999999999 }}", "longer than 10000 characters" },
        { "{{ [1] * 999999999 }}", "more than 20000 steps" },
        { "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "more than 20000 steps" },
        { "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == ns.l[:] }}", "more than 20000 steps" },
        { "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "longer than 10000 characters" },
        { "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}", "longer than 10000 characters" },
        { "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = [ns.l] %}{% endfor %}", "more than 64 deep" },
        { "{{ range(100001) }}", "at most 100000" },
        { "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "more than 200 calls" },
        { "{% macro m(n) %}{{ m(n + 1) ~ m(n + 1) if n < 20 }}{% endmacro %}{{ m(0) }}", "more than 20000 steps" },
        { "{{ ('a,' * 3000) | replace(',', 'aaaaaaaaaa') }}", "longer than 10000 characters" },
        { "{{ 9223372036854775807 + 1 }}", "past 64 bits" },
        { "{{ 2 ** 9999999 }}", "past 64 bits" },
        { "{{ -9223372036854775807 - 2 }}", "past 64 bits" },
        { "{{ 1 // 0 }}", "division by zero" },
        { "{{ 'x' | indent(999999999) }}{{ ('x\\n' * 100) | indent(999999999) }}", "longer than 10000 characters" },
    };

    [Theory]
    [MemberData(nameof(Costly))]
    public void What_costs_too_much_ends_at_its_limit(string source, string message)
    {
        var render = () => Render(source, Small);
        render.Should().Throw<ChatTemplateException>().WithMessage($"hostile, line 1: *{message}*");
    }

    [Theory]
    [InlineData("[1, 'a'] | sort")]
    [InlineData("['a', none, 1] | sort(reverse=true)")]
    [InlineData("[1, 'a'] | min")]
    [InlineData("[1, 'a'] | max")]
    [InlineData("[{'x': 1}, {'x': 'a'}] | sort(attribute='x')")]
    [InlineData("{1: 2, 'a': 3} | dictsort")]
    public void What_has_no_order_is_not_sorted(string expression)
    {
        var render = () => Render("{{ " + expression + " }}", TemplateLimits.Default);
        render.Should().Throw<ChatTemplateException>().WithMessage("hostile, line 1: *have no order*");
    }

    [Fact]
    public void Sorting_too_much_ends_at_its_limit()
    {
        var render = () => Render("{{ range(9999) | sort(reverse=true) }}", Small);
        render.Should().Throw<ChatTemplateException>().WithMessage("hostile, line 1: *more than 20000 steps*");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("- ", "")]
    [InlineData("{1: ", "}")]
    [InlineData("a(", ")")]
    [InlineData("a[", "]")]
    [InlineData("a if b else ", "")]
    public void Deep_nesting_is_refused_before_it_runs(string begin, string end)
    {
        var parse = () => ChatTemplate.Parse("{{ " + string.Concat(Enumerable.Repeat(begin, 10_000)) + "1 " + string.Concat(Enumerable.Repeat(end, 10_000)) + " }}", "hostile");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*nested more than 64 deep*");
    }

    [Theory]
    [InlineData("- 1")]
    [InlineData(".a")]
    [InlineData("| upper")]
    [InlineData("and 1")]
    [InlineData("[0]")]
    public void Long_chains_end_without_exhausting_the_stack(string link)
    {
        var render = () => Render("{{ 1" + string.Concat(Enumerable.Repeat(" " + link, 20_000)) + " }}", TemplateLimits.Default);
        render.Should().Throw<ChatTemplateException>().WithMessage("*more than 200 calls, blocks and expressions deep*");
    }

    [Fact]
    public void A_long_sum_is_not_deep() =>
        Render("{{ '' " + string.Concat(Enumerable.Repeat(" + 'x'", 5_000)) + " }}", TemplateLimits.Default).Text.Should().Be(new string('x', 5_000));

    [Theory]
    [InlineData("f(", "1,", ")", "more than 255 arguments")]
    [InlineData("f(", "a=1,", ")", "the argument 'a' is given twice")]
    [InlineData("f", "|f.f", "", "names with points")]
    public void What_parsing_would_go_through_again_and_again_is_bounded(string begin, string again, string end, string message)
    {
        var parse = () => ChatTemplate.Parse("{{ " + begin + string.Concat(Enumerable.Repeat(again, 60_000)) + end + " }}", "hostile", new TemplateLimits { SourceLength = 1 << 20 });
        parse.Should().Throw<ChatTemplateException>().WithMessage($"*{message}*");
    }

    [Fact]
    public void Strings_side_by_side_are_one() =>
        Render("{{ " + string.Concat(Enumerable.Repeat("'x' ", 50_000)) + "| length }}", TemplateLimits.Default).Text.Should().Be("50000");

    [Theory]
    [InlineData("{{ %s }}")]
    [InlineData("{%% set %s = 1 %%}")]
    [InlineData("{%% macro %s() %%}{%% endmacro %%}")]
    public void A_name_is_no_longer_than_256_characters(string form)
    {
        ChatTemplate.Parse(form.Replace("%%", "%", StringComparison.Ordinal).Replace("%s", new string('n', 256), StringComparison.Ordinal), "hostile");
        var parse = () => ChatTemplate.Parse(form.Replace("%%", "%", StringComparison.Ordinal).Replace("%s", new string('n', 257), StringComparison.Ordinal), "hostile");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*a name is 257 characters long; expected at most 256*");
    }

    [Fact]
    public void Nested_blocks_are_refused()
    {
        var parse = () => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if 1 %}", 10_000)), "hostile");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*nested more than 64 deep*");
    }

    [Fact]
    public void A_template_that_is_too_long_is_refused()
    {
        var parse = () => ChatTemplate.Parse(new string('x', (1 << 18) + 1), "hostile");
        parse.Should().Throw<ChatTemplateException>().WithMessage("*262145 characters long; expected at most 262144*");
    }

    [Fact]
    public void The_deepest_that_is_allowed_fits_a_stack_of_a_mebibyte()
    {
        var blocks = string.Concat(Enumerable.Repeat("{% if 1 %}", 60));
        var source = "{% macro m() %}" + blocks + "{{ m() }}" + string.Concat(Enumerable.Repeat("{% endif %}", 60)) + "{% endmacro %}{{ m() }}";
        Exception? thrown = null;
        var thread = new Thread(
            () => thrown = Record.Exception(() => { Render(source, TemplateLimits.Default); }),
            maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        thrown.Should().BeOfType<ChatTemplateException>().Which.Message.Should().Contain("more than 200 calls");
    }

    /// <summary>Random programs of the language's own words, and real templates with pieces cut out or doubled: they end alike every time, within their memory.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_templates_end_and_fail_with_the_exceptions_of_templates_alone(int seed)
    {
        const int aboveLimit = 128 << 10;
        var random = new Random(seed);
        var rendered = 0;
        for (var i = 0; i < 1500; i++)
        {
            var source = i % 3 == 0 ? RandomTemplates.Mutated(random) : RandomTemplates.Program(random);
            var (outcome, taken) = Outcome(source);
            taken.Should().BeLessThan(Small.Memory + aboveLimit, source);
            Outcome(source).Outcome.Should().Be(outcome, source);
            if (!outcome.StartsWith("hostile, line ", StringComparison.Ordinal) && !outcome.StartsWith("The model's chat template refuses", StringComparison.Ordinal)) rendered++;
        }

        rendered.Should().BePositive("some random templates are sound");
    }

    /// <summary>The text or the refusal, and the bytes that rendering took.</summary>
    private static (string Outcome, long Taken) Outcome(string source)
    {
        long before = 0;
        try
        {
            var template = ChatTemplate.Parse(source, "hostile", Small);
            before = GC.GetAllocatedBytesForCurrentThread();
            return (Render(template).Text, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception e) when (e is ChatTemplateException or ConversationRefusedException)
        {
            return (e.Message, before == 0 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static TextValue Render(string source, TemplateLimits limits) => Render(ChatTemplate.Parse(source, "hostile", limits));

    private static TextValue Render(ChatTemplate template) => template.Render(
        Conversation.Of([new ChatTurn("user", "a question"), new ChatTurn("assistant", "an answer")], addGenerationPrompt: true),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
        ChatTemplateGoldenTests.Now);
}
