using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>A template is a program that nobody vouches for: it ends, within its limits, and fails with one exception alone.</summary>
public class HostileTemplateTests
{
    private static readonly TemplateLimits Small = new() { Steps = 20_000, TextLength = 10_000 };

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

    /// <summary>Random programs of the language's own words, and real templates with pieces cut out or doubled.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_templates_end_and_fail_with_the_exceptions_of_templates_alone(int seed)
    {
        var random = new Random(seed);
        var rendered = 0;
        for (var i = 0; i < 1500; i++)
        {
            try
            {
                Render(i % 3 == 0 ? Mutated(random) : Program(random), Small);
                rendered++;
            }
            catch (ChatTemplateException e)
            {
                e.Message.Should().StartWith("hostile, line ");
            }
            catch (ConversationRefusedException e)
            {
                e.Message.Should().StartWith("The model's chat template refuses the conversation: ");
            }
        }

        rendered.Should().BePositive("some random templates are sound");
    }

    private static string Program(Random random)
    {
        string[] names = ["a", "messages", "ns", "loop", "m", "range", "namespace", "bos_token", "nope", "raise_exception", "dict", "strftime_now"];
        string[] filters = ["trim", "upper", "length", "join", "tojson", "list", "first", "last", "default", "map('upper')", "map(attribute='role')", "selectattr('role')", "select", "sort", "sort(attribute='role')", "min", "unique", "reverse", "int", "float", "items", "indent", "replace('a', 'b')", "string", "sum", "max", "title", "abs", "dictsort", "e", "frobnicate"];
        string[] members = ["role", "content", "strip()", "split('a')", "split()", "items()", "keys()", "get('a')", "index0", "first", "startswith('x')", "replace('a', '')", "replace('', 'a')", "upper()", "__class__", "x", "join(a)", "splitlines()", "find('a')", "count('')", "rsplit('a', 1)"];
        string[] binary = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"];
        string[] tests = ["defined", "none", "string", "mapping", "odd", "eq 1", "in [1]", "sequence", "frob", "divisibleby 0"];
        string Expression(int depth) => (depth <= 0 ? random.Next(4) : random.Next(14)) switch
        {
            0 => names[random.Next(names.Length)],
            1 => random.Next(-5, 70).ToString(System.Globalization.CultureInfo.InvariantCulture),
            2 => new[] { "''", "'a'", "'ab a'", "'\\n'", "'😀é'", "'%'" }[random.Next(6)],
            3 => random.Next(3) switch { 0 => "none", 1 => "true", _ => "1.5" },
            4 => $"{Expression(depth - 1)} {binary[random.Next(binary.Length)]} {Expression(depth - 1)}",
            5 => $"({Expression(depth - 1)})",
            6 => $"[{string.Join(", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => Expression(depth - 1)))}]",
            7 => $"{{'a': {Expression(depth - 1)}}}",
            8 => $"{Expression(depth - 1)}.{members[random.Next(members.Length)]}",
            9 => $"{Expression(depth - 1)}[{Expression(depth - 1)}]",
            10 => $"{Expression(depth - 1)}[{Expression(depth - 1)}:{Expression(depth - 1)}:{Expression(depth - 1)}]",
            11 => $"{Expression(depth - 1)} | {filters[random.Next(filters.Length)]}",
            12 => $"{Expression(depth - 1)} is {tests[random.Next(tests.Length)]}",
            _ => $"{names[random.Next(names.Length)]}({Expression(depth - 1)})",
        };
        string Body(int depth) => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => (depth <= 0 ? random.Next(3) : random.Next(9)) switch
        {
            0 => " text\n ",
            1 or 2 => $"{{{{ {Expression(2)} }}}}",
            3 => $"{{% if {Expression(2)} %}}{Body(depth - 1)}{{% else %}}{Body(depth - 1)}{{% endif %}}",
            4 => $"{{% for a in {Expression(2)} %}}{Body(depth - 1)}{{% endfor %}}",
            5 => $"{{% set a = {Expression(2)} %}}",
            6 => $"{{% set ns = namespace(x={Expression(1)}) %}}{{% set ns.x = {Expression(2)} %}}",
            7 => $"{{% macro m(a) %}}{Body(depth - 1)}{{% endmacro %}}",
            _ => $"{{%- set a -%}} {Body(depth - 1)} {{%- endset +%}}",
        }));
        return Body(3);
    }

    private static string Mutated(Random random)
    {
        const string letters = "{}%#()[]'\"|.,:~+-*/ \n\\a1";
        const string sound = "{% set ns = namespace(n=0) %}{% for m in messages %}{% if m['role'] == 'user' and loop.index0 % 2 == 0 %}{{ '[INST] ' + m['content'] | trim + ' [/INST]' }}{% elif m.role is defined %}{{- m.content.strip() ~ eos_token -}}{% else %}{# no #}{{ raise_exception('no') }}{% endif %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ messages[1:] | map(attribute='role') | join(',') }}{{ {'a': [1, 2.5, none]} | tojson(indent=2) }}";
        var text = new StringBuilder(sound);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var (from, length) = (random.Next(text.Length - 12), random.Next(1, 12));
            switch (random.Next(3))
            {
                case 0: text.Remove(from, length); break;
                case 1: text.Insert(random.Next(text.Length), text.ToString(from, length)); break;
                default: text[from] = letters[random.Next(letters.Length)]; break;
            }
        }

        return text.ToString();
    }

    private static TextValue Render(string source, TemplateLimits limits) => ChatTemplate.Parse(source, "hostile", limits).Render(
        Conversation.Of([new ChatTurn("user", "a question"), new ChatTurn("assistant", "an answer")], addGenerationPrompt: true),
        new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
        ChatTemplateGoldenTests.Now);
}
