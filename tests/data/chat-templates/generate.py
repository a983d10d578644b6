"""Renders templates and snippets with Jinja2 under Hugging Face's settings and writes what comes of it beside them.

    python3 generate.py        (needs jinja2 3.1)

Templates stand in <name>.json as "template"; their "cases" are replaced. snippets.json is written from SNIPPETS below, texts.json from
EXPRESSIONS and TEXTS.
"""
import datetime
import json
import pathlib

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 11, 5, 7, 8, 9)


class Generation(Extension):
    """{% generation %}: marks what the assistant says, for training; the text is that of the block."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("text"), [], [], body).set_lineno(line)

    def text(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", Generation])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def render(source, **variables):
    """The text; or null where rendering fails."""
    try:
        return environment().from_string(source).render(**variables)
    except (jinja2.exceptions.TemplateError, TypeError, ValueError, ArithmeticError, LookupError):
        return None


def turn(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = [
    [turn("user", "Hello")],
    [turn("system", "Be brief."), turn("user", "Hello there")],
    [turn("user", "Hi"), turn("assistant", "Hello!"), turn("user", "  How are you? \n")],
    [turn("system", "  You are a pirate.\n"), turn("user", "Hi"), turn("assistant", "  Arr  "), turn("user", "Bye\n\nnow 😀 é")],
    [turn("user", "a"), turn("assistant", "b")],
    [turn("user", "one"), turn("user", "two")],
    [turn("assistant", "first")],
    [turn("user", "<|im_end|></s><|eot_id|> {{ bos_token }} {% raise %}")],
]

SNIPPETS = r"""
{{ 1 + 2 * 3 ** 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7 / 2 }}|{{ 2 ** -1 }}|{{ 1.0 }}|{{ 1e20 }}|{{ 1e-7 }}|{{ 0.1+0.2 }}|{{ 1e15 }}|{{ 1e16 }}|{{ 0.0001 }}
{{ 'a' ~ 1 ~ none ~ true ~ [1,'x',none] ~ {'a': 1.5} ~ (1,) ~ (1,2) }}
{% for c in 'aé😀' %}{{ loop.index }}{{ c }}{{ ',' if not loop.last }}{% endfor %}
{{ 'aé😀b'[2] }}{{ 'aé😀b'[-1] }}{{ 'aé😀b'[1:3] }}{{ 'aé😀b'[::-1] }}{{ 'aé😀b'|length }}{{ 'abcdef'[::2] }}{{ 'abcdef'[4:1:-1] }}{{ 'abc'[-2:] }}{{ 'abc'[:10] }}{{ 'abc'[5:] }}
{{ [1,2,3,4][1:] }}{{ [1,2,3,4][::-1] }}{{ [1,2,3,4][-1] }}{{ [1,2,3][:-1] }}{{ [1,2,3][10] }}{{ [1,2,3][10] is defined }}
{% set ns = namespace(a=1, b=[]) %}{% for i in range(4) %}{% set ns.a = ns.a * 2 %}{% set ns.b = ns.b + [i] %}{% endfor %}{{ ns.a }}{{ ns.b }}
{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}
{% if true %}{% set y = 3 %}{% endif %}{{ y }}
{% macro m(a, b=2, c='z') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, c=4) }}{{ m(1,2,3) }}{{ m() }}
{% macro fact(n) %}{{ n * (fact(n-1)|int) if n > 1 else 1 }}{% endmacro %}{{ fact(5) }}
{{ 'a b  c'.split() }}{{ 'a,b,,c'.split(',') }}{{ 'a,b,,c'.split(',', 1) }}{{ 'a,b,,c'.rsplit(',', 1) }}{{ ''.split() }}{{ ''.split(',') }}{{ ' a b c '.split(none, 1) }}
{{ '  ab '.strip() ~ '|' ~ '  ab '.lstrip() ~ '|' ~ '  ab '.rstrip() ~ '|' ~ 'xxabxx'.strip('x') ~ '|' ~ 'abcab'.strip('ab') }}
{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith(('x','bc')) }}{{ 'abc'.find('c') }}{{ 'abc'.find('z') }}{{ 'a.b'.replace('.', '-') }}{{ 'aaa'.replace('a','b',2) }}{{ 'hello world'.title() }}{{ 'hELLO'.capitalize() }}{{ 'aXb'.upper() }}{{ 'aXb'.lower() }}{{ 'abcabc'.count('bc') }}{{ ','.join(['a','b']) }}
{{ 'a\nb\r\nc'.splitlines() }}{{ 'ab'.removeprefix('a') }}{{ 'ab'.removesuffix('b') }}{{ '12'.isdigit() }}
{{ ' x '|trim }}{{ 'x'|upper }}{{ [1,2]|length }}{{ nope|default('d') }}{{ ''|default('d', true) }}{{ ''|d('e', boolean=true) }}{{ none|default('d') }}{{ ['a','b']|join(', ') }}{{ [1,2,3]|first }}{{ [1,2,3]|last }}{{ []|first }}{{ [3,1,2]|sort }}{{ ['b','A','c']|sort }}{{ [1,2,2,1]|unique|list }}{{ [1,2,3]|sum }}{{ [1,2,3]|max }}{{ 'abc'|reverse }}{{ [1,2]|reverse|list }}{{ '3.7'|float }}{{ '3.7'|int }}{{ 'x'|int }}{{ 3.9|int }}{{ -3|abs }}{{ 'abc'|list }}
{{ {'a':1,'b':[1,2,{'c':none}],'d':'é"\n<&>'}|tojson }}{{ {'a':1,'b':[1,2,{}],'c':[]}|tojson(indent=2) }}{{ {'b':1,'a':2}|tojson(sort_keys=true) }}{{ [1.0,1e20,true]|tojson(separators=(',',':')) }}
{% for k, v in {'a':1,'b':2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k in {'a':1} %}{{ k }}{% endfor %}{{ {'a':1}.get('b') }}{{ {'a':1}.get('b', 3) }}{{ {'a':1}.keys()|list }}{{ {'a':1}.values()|list }}{{ {'a':1}|items|list }}{{ {'b':1,'a':2}|dictsort }}
{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 1 == 1.0 }}{{ true == 1 }}{{ 'a' in 'abc' }}{{ 'a' not in ['b'] }}{{ 'k' in {'k':1} }}{{ none == none }}{{ not 1 == 2 }}{{ 1 != 2 and 2 != 3 or false }}{{ [1,[2]] == [1,[2]] }}{{ (1,2) == [1,2] }}{{ {'a':1} == {'a':1} }}
{{ x is defined }}{{ x is undefined }}{{ none is none }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is sequence }}{{ 'a' is iterable }}{{ 1 is number }}{{ 1 is integer }}{{ 1.5 is float }}{{ true is boolean }}{{ true is true }}{{ 3 is odd }}{{ 3 is even }}{{ 6 is divisibleby 3 }}{{ 1 is eq 1 }}{{ 'a' is in ['a'] }}{{ 1 is not none }}{{ true is integer }}{{ x is string }}{{ 5 is sequence }}
{{ 'a' if false }}|{{ 'a' if true else 'b' }}|{{ 'a' if false else 'b' if false else 'c' }}|{{ ('x' if true else 'y') ~ 'z' }}
{% for i in [1,2,3,4,5,6] if i is even %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ loop.first }}{{ loop.last }} {% else %}none{% endfor %}{% for i in [] %}x{% else %}empty{% endfor %}
{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in range(3) %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.cycle('o','e') }}{% endfor %}
{% for a, b in [(1,2),(3,4)] %}{{ a }}{{ b }}{% endfor %}{% set a, b = 1, 2 %}{{ a }}{{ b }}
{% set t %}hello {{ 1 }}{% endset %}{{ t|upper }}
{{ [{'r':'a','c':1},{'r':'b','c':2}]|map(attribute='c')|list }}{{ [{'r':'a'},{'r':'b'}]|selectattr('r','equalto','b')|list }}{{ [{'r':'a'},{}]|selectattr('r','defined')|list }}{{ [{'r':'a'},{}]|rejectattr('r')|list }}{{ ['a','B']|map('upper')|join }}{{ [1,0,2]|select|list }}{{ [1,2,3]|reject('odd')|list }}{{ ['a','b']|map('replace','a','z')|list }}{{ [{'a':{'b':1}}]|map(attribute='a.b')|list }}
{{ "a\tb\\n\x41\u00e9\'\"" }}{{ 'it''s' }}
{{ 'line1\nline2\n\nline3'|indent(2) }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(width=1, blank=true) }}
{{ nope }}|{{ nope|length }}{{ nope|upper }}{{ nope ~ 'x' }}{{ nope|join(',') }}{% for x in nope %}{% endfor %}{{ 'a' in nope }}
{{ nope.x }}
{{ nope + 'a' }}
{{ 'a' + 1 }}
{{ none.x }}|{{ 'abc'.nope is defined }}|{{ (5).x is defined }}
{{ none.x.y }}
{{ 'x' * 3 }}{{ [1] * 2 }}{{ 3 * 'ab' }}
{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %a %j %p %I %y %-d %%') }}
{{ raise_exception('boo') }}
{% include 'x' %}
{{ ''.__class__ }}|{{ [].__class__ }}
{{ ''.__class__.__mro__ }}
{{ {'items': 1}['items'] }}{{ {'content': 2}.content }}{{ {'a': {'b': 3}}.a.b }}{{ [[1,2],[3]][0][1] }}{{ [1,2].0 }}
{{ [1,2,3] | length > 2 }}{{ not x is defined }}{{ -1|abs }}{{ - 2 ** 2 }}{{ 2 ** 3 ** 2 }}{{ 1 - 1 - 1 }}{{ 'a' ~ 1 + 2 }}
{{ range(3)|list }}{{ range(1,4)|list }}{{ range(5,0,-2)|list }}{{ range(0)|list }}
{{ dict(a=1,b=2) }}{{ [] or 'x' }}{{ 'a' and 'b' }}{{ none or false }}
{% if 1 %}a{% elif 2 %}b{% else %}c{% endif %}{% if 0 %}a{% elif 2 %}b{% else %}c{% endif %}{% if 0 %}a{% elif '' %}b{% else %}c{% endif %}
{{ ["it's", 'say "x"', 'both\'"', 'tab\t', 'é', '\x00\x7f'] }}
{{ 1_000 }}{{ 0.5 }}{{ 10 // 3.0 }}{{ 7.5 % 2 }}{{ 1 / 3 }}
{{ "abc" > "abd" }}{{ 'A' < 'a' }}{{ 1 <= 1 }}{{ 2 >= 3 }}
{{ none < 1 }}
{% raw %}{{ x }} {% y %}{% endraw %} z
{{ '<a&"b\'c>'|e }}{{ 'x'|safe }}{{ 1|string ~ 'a' }}
{% set messages = [1,2,3] %}{% set messages = messages[1:] %}{{ messages }}
{{ none|selectattr('a')|list }}{{ none|rejectattr('a', 'none')|list }}{{ none|select|list }}{{ false|reject|list }}{{ 0|map('upper')|list }}{{ ''|map(attribute='a')|list }}
{{ none|list }}
{{ 1|select|list }}
a{% generation %} b{{ 1 }}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x is defined }}
{{ 'a<b'|safe + '<c>' }}|{{ '<a>' + 'b<'|safe }}|{{ ('x'|safe + '"' + "'" + '&').upper() }}|{{ 'a'|safe ~ '<b>' }}|{{ '<'|e + '<' }}|{{ ('<'|safe)|e }}|{{ '<'|safe|string + '<' }}|{{ ('a<b'|safe).split('<')[0] + '<' }}|{{ 'ab'|safe * 2 + '<' }}
{{ {'a': '<'}|tojson|safe + {'a': '<"'}|tojson }}|{{ ('<'|safe)[0:1] + '<' }}|{{ '<'|safe|trim + '<' }}|{{ '<'|forceescape }}|{{ ('<'|e)|forceescape }}
{{ 'a{}c{}'.format('b', 1) }}|{{ '{1}{0}'.format('a', 'b') }}|{{ '{x}-{y}'.format(x=1, y='z') }}|{{ '{{}}{}'.format(2) }}|{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a', 'b', 'c', 42, 3.14159, 1234567) }}|{{ '{:5}|{:*^7}'.format(3, 'x') }}
{{ '{}'.format() }}
{{ '{'.format(1) }}
{{ '{:d}'.format('x') }}
{{ '%s is %d and %.1f%%' | format('a', 5, 2.25) }}|{{ '%s-%s' % ('a', 'b') }}|{{ 'a%s' % 1 }}|{{ '%5s|%-5s|%05d' % ('a', 'b', 42) }}|{{ '%r' % ('a',) }}|{{ '%x' % 255 }}
{{ '%s %s' % 'a' }}
{{ '%s' % ('a', 'b') }}
{% filter upper %}abc {{ 1 }}{% endfilter %}|{% filter trim | replace('a', 'b') %}  aaa {% endfilter %}|{% set x | upper %}abc{% endset %}{{ x }}
{% filter indent(2) %}{% for i in range(2) %}a{{ i }}
{% endfor %}{% endfilter %}
{{ 'a-b-c'.partition('-') }}{{ 'a-b-c'.rpartition('-') }}{{ 'abc'.partition('-') }}{{ 'abc'.rpartition('-') }}
{{ 'abc'.islower() }}{{ 'aBc'.islower() }}{{ 'ABC'.isupper() }}{{ '1'.isupper() }}
{{ {'a':1}|attr('nope') is defined }}{{ 'a b  c'|wordcount }}{{ 2.567|round(2) }}{{ 2.5|round }}{{ 2.1|round(method='ceil') }}{{ 2.9|round(0, 'floor')|int }}{{ 7|round }}
{{ ['b','A','a','B']|unique|list }}{{ ['a','A']|unique(case_sensitive=true)|list }}{{ [1,1.0,true,2]|unique|list }}{{ [{'r':'a'},{'r':'A'},{'r':'b'}]|unique(attribute='r')|list }}
{{ [[1],[1]]|unique|list }}
{{ {'b':1,'a':2,'C':0}|dictsort(by='value') }}{{ {'b':1,'a':2}|dictsort(reverse=true) }}{{ {'b':1,'a':2,'C':0}|dictsort(true) }}
{{ {1:1,'a':2}|tojson(sort_keys=true) }}
{{ dict({'a':1}, b=2) }}{{ dict(a=1) }}{{ {'a':1}.copy() }}{{ [1].copy() }}
{{ 'abababab'.find('babab') }}{{ 'abababab'.rfind('abab') }}{{ 'aaaaaaaaaaaaaaaaaaaaaaab'.find('aaaaaaaaaaaaaaaaaaab') }}{{ 'aaaaaaaaaaaaaaaaaaaaaaab'.rfind('aaaaaaaaaaaaaaaaaaaa') }}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.count('aaaaaaaaaaaaaaaaaaaa') }}{{ 'abc'.find('') }}{{ 'abc'.rfind('') }}{{ 'aXXb'.rsplit('X') }}{{ 'a'.count('') }}
{{ 9223372036854775806 % 9223372036854775807 }}{{ -7 % 9223372036854775807 }}{{ 7 % -9223372036854775807 }}
{{ 1 + 2 + 3 - 4 + 'a'|length }}{{ 'a' + 'b' + 'c' * 2 + 'd' }}{{ [1] + [2] + [3] }}
{{ ('5' * 4301)|int }}{{ ('0' * 20 ~ '7')|int }}
""".strip("\n").split("\n")

EXPRESSIONS = r"""
s|title
s.title()
s|capitalize
s.capitalize()
s|upper
s.upper()
s|lower
s.lower()
s is upper
s is lower
s|trim
s|trim('😀xΣ ')
s.strip('😁') ~ s.lstrip('ab\t') ~ s.rstrip('-\u00e9')
s|replace('', '-')
s|replace('', '-', 2)
s.replace('', '😀', 1)
s|replace('a', 'b', 0)
s|replace("'", '"') ~ s.replace('ss', 's', -1)
s|indent
s|indent(2, true)
s|indent('> ', blank=true)
s|indent(0) ~ s|indent(-3)
s|escape
s|int
s|int(7)
s|float
s|float('x')
s|length
s|reverse
s|list
s.split()
s.split(none, 1)
s.rsplit()
s.rsplit(none, 1)
s.rsplit(none, 0)
s.split('a') ~ s.rsplit('a', 1)
s.splitlines() ~ s.splitlines(true)
s.isdigit() ~ s.isalpha() ~ s.isalnum() ~ s.isspace()
s.find('b') ~ s.rfind('b') ~ s.find('') ~ s.rfind('') ~ s.count('') ~ s.count('b')
s.startswith('they') ~ s.endswith(('n', '😀')) ~ s.removeprefix('a') ~ s.removesuffix('b')
s.join(['x', 'y', 'z'])
s.join([1, 2])
s.join('ab')
[1, s]|join('-')
""".strip("\n").split("\n")

TEXTS = [
    "", " ", "they're o'neill's bill", "hello-world (and {more} [of] <this>) a/b c_d 2nd", "ALL CAPS are'nt", "straße maß ßa", "ﬁne ﬃx",
    "\u01c6ep \u01c4EP", "ΟΔΟΣ Σ ΣΣ aΣ'b aΣ' Σ.Σ", "İstanbul dız", "აბგ Ა", "中a 中文b", "ªa ʰb Ⅰⅰ ⓐ", "\U00010428\U00010400 x", "a😀b",
    "😀ab😁😀", " \t a  b \n c \x1c\x1d\u00a0", "a\nb\r\nc\rd\x0be\x0cf\x85g\u2028h\n", "a\r", "a\n\n", "<a&\"b'c>",
    "42", " 42 ", "-7", "+7", "1,5", "1,234", "1.5", "1_000", "_1", "1_", "1__0", "1e3", "1_0.5e1_0", ".5", "5.", ".", "inf", "-Infinity", "nan", "0x10",
    "\u0663\u0664", "²³", "½", "Ⅷ", "9" * 18, "- 5", "5 6", "∞", "1\u20225", "éÉe\u0301", "abab", "b", "x" * 40,
    " ".join(c for c in map(chr, range(0x110000)) if not "\ud800" <= c <= "\udfff" and (c.upper() != c or c.lower() != c or c.title() != c)),
]

WHITE_SPACE = ["\n", " ", "  \n", "\n\n", "\t", "x", "\n x", "x \n"]
OPEN = ["{% if true %}", "{%- if true %}", "{% if true -%}", "{%- if true -%}", "{%+ if true %}", "{% if true +%}"]
CLOSE = ["{% endif %}", "{%- endif %}", "{% endif -%}", "{%+ endif +%}"]
INSIDE = ["{{ 'v' }}", "{{- 'v' }}", "{{ 'v' -}}", "{# c #}", "{#- c -#}", "{# c +#}"]


def white_space_snippets():
    """Every pair of tags with every white space around them, each used in turn."""
    for i in range(240):
        before, between, after = (WHITE_SPACE[(i * step) % 8] for step in (1, 3, 5))
        yield before + OPEN[i % 6] + between + INSIDE[(i // 6) % 6] + after + CLOSE[i % 4] + before + INSIDE[i % 6] + after


def expressions_for(s):
    """What maps case alone, where all characters that have case are mapped: the file is long enough."""
    return EXPRESSIONS if len(s) < 1000 else EXPRESSIONS[:8]


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    for file in sorted(HERE.glob("*.json")):
        if file.name in ("snippets.json", "texts.json"):
            continue
        golden = json.loads(file.read_text(encoding="utf-8"))
        golden["cases"] = [
            {
                "messages": messages,
                "addGenerationPrompt": prompt,
                "text": render(golden["template"], messages=messages, add_generation_prompt=prompt, tools=None, documents=None, **golden["specialTokens"]),
            }
            for messages in CONVERSATIONS
            for prompt in (True, False)
        ]
        write(file.name, golden)
    write("snippets.json", [{"template": source, "text": render(source)} for source in [*SNIPPETS, *white_space_snippets()]])
    cases = [{"s": s, "texts": [render("{{ " + expression + " }}", s=s) for expression in expressions_for(s)]} for s in TEXTS]
    write("texts.json", {"expressions": EXPRESSIONS, "cases": cases})


if __name__ == "__main__":
    main()
