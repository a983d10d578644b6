using System.Text;

namespace Helios.Sdk.Tests.Tokenization.ChatTemplates;

/// <summary>Templates that nobody would write, the same for the same seed.</summary>
internal static class RandomTemplates
{
    /// <summary>A program of the language's own words, over the variables <c>messages</c>, <c>c</c> (a text) and <c>l</c> (a list).</summary>
    public static string Program(Random random)
    {
        string[] names = ["a", "c", "l", "messages", "ns", "loop", "m", "range", "namespace", "bos_token", "nope", "raise_exception", "dict", "strftime_now"];
        string[] filters = ["trim", "upper", "length", "join", "tojson", "list", "first", "last", "default", "map('upper')", "map(attribute='role')", "selectattr('role')", "select", "sort", "sort(attribute='role')", "min", "unique", "reverse", "int", "float", "items", "indent", "replace('a', 'b')", "string", "sum", "max", "title", "abs", "dictsort", "e", "frobnicate", "safe", "attr('role')", "round", "wordcount", "format(1)", "unique(attribute='role')", "dictsort(by='value')", "tojson(separators=(c, c))", "tojson(indent=c)", "join(c)", "strftime_now"];
        string[] members = ["role", "content", "strip()", "split('a')", "split()", "items()", "keys()", "get('a')", "index0", "first", "startswith('x')", "replace('a', '')", "replace('', 'a')", "upper()", "__class__", "x", "join(a)", "splitlines()", "find('a')", "count('')", "rsplit('a', 1)", "format(1, a)", "partition(c)", "strip(c)", "find(c)", "isdigit()", "extra", "copy()"];
        string[] binary = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"];
        string[] tests = ["defined", "none", "string", "mapping", "odd", "eq 1", "in [1]", "sequence", "frob", "divisibleby 0"];
        string Expression(int depth) => (depth <= 0 ? random.Next(4) : random.Next(16)) switch
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
            13 => $"{names[random.Next(names.Length)]}({Expression(depth - 1)})",
            _ => $"({TemplateLimitsTests.BuiltIns[random.Next(TemplateLimitsTests.BuiltIns.Count)]})",
        };
        string Body(int depth) => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => (depth <= 0 ? random.Next(3) : random.Next(11)) switch
        {
            0 => " text\n ",
            1 or 2 => $"{{{{ {Expression(2)} }}}}",
            3 => $"{{% if {Expression(2)} %}}{Body(depth - 1)}{{% else %}}{Body(depth - 1)}{{% endif %}}",
            4 => $"{{% for a in {Expression(2)} %}}{Body(depth - 1)}{{% endfor %}}",
            5 => $"{{% set a = {Expression(2)} %}}",
            6 => $"{{% set ns = namespace(x={Expression(1)}) %}}{{% set ns.x = {Expression(2)} %}}",
            9 => $"{{% filter trim | {filters[random.Next(filters.Length)]} %}}{Body(depth - 1)}{{% endfilter %}}",
            10 => $"{{% set a | {filters[random.Next(filters.Length)]} %}}{Body(depth - 1)}{{% endset %}}",
            7 => $"{{% macro m(a, b=1) %}}{Body(depth - 1)}{{% endmacro %}}",
            _ => $"{{%- set a -%}} {Body(depth - 1)} {{%- endset +%}}",
        }));
        return "{% set c = messages[0].content %}{% set l = c.split('a') %}" + Body(3);
    }

    /// <summary>A sound template with pieces cut out, doubled or replaced.</summary>
    public static string Mutated(Random random)
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
}
