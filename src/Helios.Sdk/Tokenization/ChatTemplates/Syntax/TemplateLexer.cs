using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Syntax;

/// <summary>
/// Cuts a template into tokens, with the white-space rules that Hugging Face renders by: <c>trim_blocks</c> (the line break behind a
/// block is dropped), <c>lstrip_blocks</c> (blanks before a block at the start of its line are dropped), <c>-</c> and <c>+</c>
/// at a tag's ends, and the template's last line break is no part of it. Linear in the source.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "|", ".", ",", ":", "(", ")", "[", "]", "{", "}"];

    /// <summary>Names are looked up again and again, and not charged for their length.</summary>
    private const int LongestName = 256;

    private readonly string source;
    private readonly TemplateErrors errors;
    private readonly List<TemplateToken> tokens = [];
    private int at;
    private int line = 1;
    private int lineCountedTo;

    /// <summary>Whether a line starts at the current place as far as <c>lstrip_blocks</c> is concerned.</summary>
    private bool startsLine = true;

    private TemplateLexer(string source, TemplateErrors errors)
    {
        this.source = source;
        this.errors = errors;
    }

    /// <exception cref="ChatTemplateException">The source is malformed.</exception>
    public static List<TemplateToken> Lex(string source, TemplateErrors errors)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new TemplateLexer(text.EndsWith('\n') ? text[..^1] : text, errors);
        lexer.LexAll();
        return lexer.tokens;
    }

    private void LexAll()
    {
        while (at < source.Length)
        {
            var tag = FindTag(at);
            if (tag < 0)
            {
                AddData(source.AsSpan(at));
                at = source.Length;
                break;
            }

            AddData(StripBefore(tag));
            at = tag;
            var kind = source[tag + 1];
            at += 2;
            if (at < source.Length && source[at] is '-' or '+') at++;
            if (kind == '#') SkipComment();
            else if (kind == '%' && TryRaw()) { }
            else LexTag(kind == '%');
        }

        Add(TokenKind.End, "");
    }

    private int FindTag(int from)
    {
        for (var i = source.IndexOf('{', from); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
        {
            if (source[i + 1] is '%' or '{' or '#') return i;
        }

        return -1;
    }

    /// <summary>The text up to a tag, less what the tag strips from its end.</summary>
    private ReadOnlySpan<char> StripBefore(int tag)
    {
        var text = source.AsSpan(at, tag - at);
        var sign = tag + 2 < source.Length ? source[tag + 2] : '\0';
        if (sign == '-') return text[..(text.Length - TrailingSpace(text))];
        if (sign == '+' || source[tag + 1] == '{') return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || startsLine) && TrailingSpace(text) >= text.Length - lineStart ? text[..lineStart] : text;
    }

    private static int TrailingSpace(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && PythonText.IsSpace(text[text.Length - 1 - count])) count++;
        return count;
    }

    private void SkipComment()
    {
        var end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0) throw errors.At(Line(), "a comment is not closed; expected '#}'");
        at = end;
        if (source[end - 1] is '-' or '+') at--;
        EndTag("#}", trims: true);
    }

    /// <summary>Whether the tag begins raw text; it is then read to its end.</summary>
    private bool TryRaw()
    {
        var name = SkipSpace(at);
        if (!IsWord(name, "raw")) return false;
        var close = SkipSpace(name + 3);
        if (!StartsEnd(close, "%}")) return false;
        at = close;
        EndTag("%}", trims: false);

        for (var tag = source.IndexOf("{%", at, StringComparison.Ordinal); tag >= 0; tag = source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var inside = SkipSpace(tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? tag + 3 : tag + 2);
            if (!IsWord(inside, "endraw")) continue;
            close = SkipSpace(inside + 6);
            if (!StartsEnd(close, "%}")) continue;
            AddData(StripBefore(tag));
            at = close;
            EndTag("%}", trims: true);
            return true;
        }

        throw errors.At(Line(), "raw text is not closed; expected '{% endraw %}'");
    }

    private void LexTag(bool isBlock)
    {
        var end = isBlock ? "%}" : "}}";
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.PrintBegin, isBlock ? "{%" : "{{");
        var open = new Stack<char>();
        while (true)
        {
            at = SkipSpace(at);
            if (at >= source.Length) throw errors.At(Line(), $"a tag is not closed; expected '{end}'");
            if (open.Count == 0 && StartsEnd(at, end)) break;
            LexInside(open);
        }

        Add(isBlock ? TokenKind.BlockEnd : TokenKind.PrintEnd, end);
        EndTag(end, trims: isBlock);
    }

    private void LexInside(Stack<char> open)
    {
        var c = source[at];
        if (PythonText.IsNameStart(c))
        {
            var end = at;
            while (end < source.Length && PythonText.IsNamePart(source[end])) end++;
            if (end - at > LongestName) throw errors.At(Line(), Invariant($"a name is {end - at} characters long; expected at most {LongestName}"));
            Add(TokenKind.Name, source[at..end]);
            at = end;
        }
        else if (PythonText.IsDigit(c))
        {
            LexNumber();
        }
        else if (c is '\'' or '"')
        {
            LexString(c);
        }
        else
        {
            LexOperator(open);
        }
    }

    private void LexNumber()
    {
        var end = SkipDigits(at);
        var isFloat = false;
        if (end + 1 < source.Length && source[end] == '.' && PythonText.IsDigit(source[end + 1]))
        {
            isFloat = true;
            end = SkipDigits(end + 1);
        }

        if (end < source.Length && source[end] is 'e' or 'E')
        {
            var digits = end + 1 < source.Length && source[end + 1] is '-' or '+' ? end + 2 : end + 1;
            if (digits < source.Length && PythonText.IsDigit(source[digits]))
            {
                isFloat = true;
                end = SkipDigits(digits);
            }
        }

        Add(isFloat ? TokenKind.Float : TokenKind.Integer, source[at..end].Replace("_", "", StringComparison.Ordinal));
        at = end;
    }

    private int SkipDigits(int from)
    {
        while (from < source.Length && (PythonText.IsDigit(source[from]) || (source[from] == '_' && from + 1 < source.Length && PythonText.IsDigit(source[from + 1])))) from++;
        return from;
    }

    private void LexString(char quote)
    {
        var end = at + 1;
        while (end < source.Length && source[end] != quote) end += source[end] == '\\' ? 2 : 1;
        if (end >= source.Length) throw errors.At(Line(), $"a string is not closed; expected {quote}");
        var text = PythonText.Unescape(source.AsSpan(at + 1, end - at - 1)) ?? throw errors.At(Line(), "a string has a malformed escape");
        Add(TokenKind.String, text);
        at = end + 1;
    }

    private void LexOperator(Stack<char> open)
    {
        var found = Array.Find(Operators, text => string.CompareOrdinal(source, at, text, 0, text.Length) == 0)
            ?? throw errors.At(Line(), $"unexpected character '{(char.IsControl(source[at]) ? '?' : source[at])}'");
        switch (found[0])
        {
            case '(' or '[' or '{':
                open.Push(found[0]);
                break;
            case ')' or ']' or '}':
                if (!open.TryPop(out var begin) || (begin, found[0]) is not (('(', ')') or ('[', ']') or ('{', '}')))
                    throw errors.At(Line(), $"unexpected '{found}'");
                break;
        }

        Add(TokenKind.Operator, found);
        at += found.Length;
    }

    private bool StartsEnd(int from, string end)
    {
        if (from < source.Length && source[from] is '-' or '+') from++;
        return string.CompareOrdinal(source, from, end, 0, 2) == 0 && from + 2 <= source.Length;
    }

    /// <summary>Passes the end of a tag, and the white space that goes with it.</summary>
    private void EndTag(string end, bool trims)
    {
        var sign = source[at];
        at += sign is '-' or '+' ? 3 : 2;
        var before = at;
        if (sign == '-') at = SkipSpace(at);
        else if (trims && sign != '+' && at < source.Length && source[at] == '\n') at++;
        startsLine = at > before && source[at - 1] == '\n';
    }

    private int SkipSpace(int from)
    {
        while (from < source.Length && PythonText.IsSpace(source[from])) from++;
        return from;
    }

    private bool IsWord(int from, string word) =>
        string.CompareOrdinal(source, from, word, 0, word.Length) == 0 && (from + word.Length >= source.Length || !PythonText.IsNamePart(source[from + word.Length]));

    private void AddData(ReadOnlySpan<char> text)
    {
        if (!text.IsEmpty) Add(TokenKind.Data, text.ToString());
    }

    private void Add(TokenKind kind, string text) => tokens.Add(new TemplateToken(kind, text, Line()));

    private int Line()
    {
        var to = Math.Min(at, source.Length);
        line += source.AsSpan(lineCountedTo, to - lineCountedTo).Count('\n');
        lineCountedTo = to;
        return line;
    }
}
