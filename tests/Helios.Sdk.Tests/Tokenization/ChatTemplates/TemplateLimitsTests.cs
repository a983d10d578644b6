using Helios.Sdk.Tokenization.ChatTemplates;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>Whatever a template does is charged while it is done: in steps, in bytes, and against a clock.</summary>
public class TemplateLimitsTests
{
    /// <summary>Every built-in that goes through a text or a list, over the text <c>c</c>, which splits into the list <c>l</c>.</summary>
    public static readonly IReadOnlyList<string> BuiltIns =
    [
        "c", "c ~ 'x'", "c + 'x'", "'x' + c", "c[1:]", "c[::2]", "c[-1]", "c == c ~ ''", "c < c ~ 'x'", "'yz' in c", "c in c", "(c[1:] ~ 'y') in c", "c * 2", "[c] * 3", "l + l", "l == l + []",
        "c in l", "l.index('y') if 'y' in l", "l.count(c)", "{c: 1}", "{'a': c}.get(c)", "{'a': c}.items()", "{'a': c}.keys()", "{'a': c}.values()", "{'a': c} == {'a': c ~ ''}",
        "c.strip()", "c.strip(c)", "c.strip('a' ~ c)", "c.lstrip(c)", "c.rstrip(c)", "c.upper()", "c.lower()", "c.title()", "c.capitalize()", "c.split()", "c.split('a')", "c.rsplit()", "c.rsplit('a')", "c.split(c[1:])",
        "c.splitlines()", "c.startswith(c)", "c.endswith(c)", "c.removeprefix('a')", "c.removesuffix('a')", "c.replace('a', 'bb')", "c.replace('', '-')", "c.replace(c[2:], 'x')", "c.find('yz')", "c.rfind('yz')",
        "c.find(c[1:] ~ 'y')", "c.rfind('y' ~ c[1:])", "c.count('a')", "c.count('')", "c.count(c[3:])", "'a'.join(l)", "c.join(l)", "c.isdigit()", "c.isalpha()", "c.isalnum()", "c.isspace()", "c.islower()", "c.isupper()",
        "c.format(1)", "'{} {:>9}'.format(c, 1)", "c.partition('a')", "c.rpartition('a')", "c | length", "c | trim", "c | trim(c)", "c | upper", "c | lower", "c | capitalize", "c | title", "c | replace('a', 'b')",
        "c | indent(3, true, true)", "c | indent(c)", "c | escape", "c | safe + c", "c | string", "c | int", "c | float", "c | tojson", "l | tojson(indent=9)", "{c: c} | tojson(sort_keys=true)", "l | join(c)", "l | join", "c | list",
        "c | first", "c | last", "c | reverse", "l | reverse", "c | list | sort", "l | sort(reverse=true)", "c | unique", "l | unique", "l | min", "l | max", "l | map('upper')", "l | map('length') | sum", "l | select('in', c)",
        "l | reject('eq', c)", "[{'a': c}] * 9 | map(attribute='a')", "[{'a': c}] * 9 | selectattr('a', 'in', c)", "[{'a': c}] * 9 | groupby('a') if false", "{'b': c, 'a': c} | dictsort", "{'a': c} | items", "c | wordcount",
        "'%s %9s' | format(c, 1)", "'%s' % c", "'%r' % [c]", "c is lower", "c is upper", "c is in l", "l ~ ''", "{'a': l} ~ ''", "(1, c) ~ ''", "range(9) | list", "dict({'a': c}, b=l)", "namespace({c: c})", "c.strip", "c.nope", "loop.cycle(1, c)",
        "loop.index + 1", "1.5 * loop.index", "m(c)", "m(a=c, b=l)", "strftime_now('%Y %B')", "c if c else l", "not c", "c and l", "c or l", "loop.previtem", "c is defined", "none", "l[0:2]", "l[::-1]",
    ];

    /// <summary>Bytes of a rendering that does nothing: the functions of every template, and the exception.</summary>
    private const int AtStart = 64 << 10;

    private static readonly string[] Contents = ["a", Repeated("ab ", 40), Repeated("a\nΣß😀\"'<&\\\u0001 ", 300), Repeated("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 20_000)];

    /// <summary>Those of them that go through a long text or list one by one.</summary>
    public static TheoryData<string> Walks =>
    [
        "c.strip(c)", "c.strip('ab ')", "c.upper()", "c.lower()", "c.title()", "c.capitalize()", "c.split()", "c.split('a')", "c.rsplit()", "c.rsplit('a')", "c.split(c[1:])", "c.replace(' ', '\\n').splitlines()", "c.replace('a', 'bb')", "c.replace('', '-')",
        "c.find('yz')", "c.rfind('yz')", "c.find(c[1:] ~ 'y')", "c.rfind('y' ~ c[1:])", "c.count('a')", "c.count('')", "'yz' in c", "(c[1:] ~ 'y') in c", "'y' in l", "l.count('y')", "'-'.join(l)", "c.islower()", "c.replace(' ', '').isalpha()",
        "c[::2]", "c[-1]", "c[1:]", "c | length", "c | title", "c | indent", "c | escape", "c | tojson", "l | tojson", "c ~ l", "[c] ~ ''", "c | list", "c | reverse", "c | unique", "l | sort", "l | max", "l | map('upper')", "l | select('eq', 'b')",
        "c | wordcount", "c is lower", "c.partition('yz')", "l == l + []", "[1] * 99999 + [2] * 99999", "range(99999) | sum", "l | join('-')", "'{}'.format(c) | length", "'%s' % c | length",
    ];

    public static TheoryData<string> AllBuiltIns => [.. BuiltIns];

    /// <summary>What is charged is no less than what is taken, and ends before the limit whatever is done again and again.</summary>
    [Theory]
    [MemberData(nameof(AllBuiltIns))]
    public void A_template_takes_no_more_memory_than_its_limit(string expression)
    {
        var limits = new TemplateLimits { Memory = 4 << 20, Clock = new StoppedClock(0) };
        foreach (var text in Contents)
        {
            var loops = string.Concat(Enumerable.Range(0, 3).Select(i => $"{{% for i{i} in range(300) %}}"));
            var template = ChatTemplate.Parse(
                $"{{% macro m(a, b=1) %}}{{{{ a }}}}{{% endmacro %}}{{% set c = messages[0].content %}}{{% set l = c.split('a')[:2000] %}}{loops}{{% set x = {expression} %}}{string.Concat(Enumerable.Repeat("{% endfor %}", 3))}",
                "hog",
                limits);
            var conversation = Conversation.Of([new ChatTurn("user", text)], addGenerationPrompt: false);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var ended = Record.Exception(() => { template.Render(conversation, new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now); });
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;

            ended.Should().BeOfType<ChatTemplateException>($"{expression} is done 27 million times");
            taken.Should().BeLessThan(limits.Memory + AtStart, $"{expression} over {text.Length} characters ended with '{ended.Message}'");
        }
    }

    /// <summary>Nothing that goes through a long text or list does so unseen by the clock, nor without heed of who cancels it.</summary>
    [Theory]
    [MemberData(nameof(Walks))]
    public void The_clock_and_cancellation_reach_into_every_built_in(string expression)
    {
        var text = Repeated("ab ", 120_000);
        var limits = new TemplateLimits { Steps = int.MaxValue, Memory = long.MaxValue };
        void Render(TemplateLimits with, CancellationToken cancellationToken) =>
            ChatTemplate.Parse($"{{% set c = messages[0].content %}}{{% set l = messages[0].content.split('a') %}}{{% set x = {expression} %}}", "slow", with).Render(
                Conversation.Of([new ChatTurn("user", text)], addGenerationPrompt: false), new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now, cancellationToken);

        var counted = new CountingClock();
        ChatTemplate.Parse("{% set c = messages[0].content %}{% set l = messages[0].content.split('a') %}", "quick", limits with { Clock = counted }).Render(
            Conversation.Of([new ChatTurn("user", text)], addGenerationPrompt: false), new Dictionary<string, string>(StringComparer.Ordinal), ChatTemplateGoldenTests.Now);
        var before = counted.Reads;

        var slow = new StoppedClock(before);
        ((Action)(() => Render(limits with { Clock = slow }, CancellationToken.None))).Should().Throw<ChatTemplateException>().WithMessage("*takes longer than 2 seconds*");
        using var cancelled = new CancellationTokenSource();
        var cancelling = new StoppedClock(before, cancelled.Cancel);
        ((Action)(() => Render(limits with { Clock = cancelling, Time = TimeSpan.MaxValue }, cancelled.Token))).Should().Throw<OperationCanceledException>();
    }

    private static string Repeated(string content, int length) => string.Concat(Enumerable.Repeat(content, length / content.Length));

    private sealed class CountingClock : TimeProvider
    {
        public int Reads { get; private set; }

        public override long GetTimestamp() => Reads++;
    }

    /// <summary>A clock that stands still, and after so many reads is three seconds on.</summary>
    private sealed class StoppedClock(int hangsAfter, Action? whenRead = null) : TimeProvider
    {
        private int reads;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp()
        {
            if (hangsAfter == 0 || reads++ < hangsAfter) return 0;
            whenRead?.Invoke();
            return 3 * TimestampFrequency;
        }
    }
}
