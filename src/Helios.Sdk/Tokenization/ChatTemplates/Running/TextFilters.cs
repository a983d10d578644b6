using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Filters over text; what is no text is turned into it first.</summary>
internal static class TextFilters
{
    public static Value? TryApply(Value value, CallArguments arguments, string name)
    {
        switch (name)
        {
            case "trim":
                return TextMethods.Strip(Text(value, arguments), arguments.TextOrNull(arguments.Bind("chars")[0], "chars"), left: true, right: true, arguments.Meter);
            case "title":
                arguments.None();
                return Title(Text(value, arguments), arguments.Meter);
            case "upper" or "lower" or "capitalize":
                arguments.None();
                return TextMethods.InCase(Text(value, arguments), name, arguments.Meter);
            case "replace":
                var replace = arguments.Bind("old", "new", "count");
                return TextMethods.Replace(
                    Text(value, arguments),
                    ValueText.Str(replace[0] ?? throw arguments.Fail("the argument 'old' is missing"), arguments.Meter),
                    ValueText.Str(replace[1] ?? throw arguments.Fail("the argument 'new' is missing"), arguments.Meter),
                    arguments.Int(replace[2], "count", int.MaxValue),
                    arguments.Meter);
            case "indent":
                return Indent(Text(value, arguments), arguments);
            case "escape" or "e" or "forceescape":
                arguments.None();
                return Operators.Escape(name == "forceescape" ? Text(value, arguments).AsMarkup(false) : Text(value, arguments), arguments.Meter);
            case "wordcount":
                arguments.None();
                return new IntValue(TextMethods.Split(Text(value, arguments), null, int.MaxValue, arguments.Meter).Count);
            default:
                return null;
        }
    }

    private static TextValue Text(Value value, CallArguments arguments) => ValueText.Str(value, arguments.Meter);

    /// <summary>Words begin behind white space, hyphens and opening brackets, and nowhere else: the method of this name knows other words.</summary>
    private static TextValue Title(TextValue text, ExecutionMeter meter)
    {
        meter.AllocateText(2L * text.Length);
        var titled = new StringBuilder(text.Length);
        var rest = text.Text.AsSpan();
        while (!rest.IsEmpty)
        {
            var isWord = !IsBetweenWords(rest[0]);
            var length = 1;
            while (length < rest.Length && !IsBetweenWords(rest[length]) == isWord) length++;
            Rune.DecodeFromUtf16(rest, out _, out var first);
            if (isWord) titled.Append(PythonCase.Upper(rest[..first], meter)).Append(PythonCase.Lower(rest[first..length], meter));
            else titled.Append(rest[..length]);
            rest = rest[length..];
        }

        meter.ChargeText(titled.Length);
        return TextValue.DerivedFrom(titled.ToString(), text);
    }

    private static bool IsBetweenWords(char c) => c is '-' or '(' or '{' or '[' or '<' || PythonText.IsSpace(c);

    private static TextValue Indent(TextValue text, CallArguments arguments)
    {
        var bound = arguments.Bind("width", "first", "blank");
        var indent = bound[0] as TextValue ?? Spaces(arguments.Int(bound[0], "width", 4), arguments.Meter);
        var ended = new TextBuilder(arguments.Meter);
        ended.Append(text);
        ended.Append("\n");
        var lines = TextMethods.SplitLines(ended.ToText(), keepEnds: false, arguments.Meter);
        var builder = new TextBuilder(arguments.Meter);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (TextValue)lines[i];
            if (i > 0) builder.Append("\n");
            if (i == 0 ? bound[1] is { IsTrue: true } : line.Length > 0 || bound[2] is { IsTrue: true }) builder.Append(indent);
            builder.Append(line);
        }

        return builder.ToText();
    }

    private static TextValue Spaces(int count, ExecutionMeter meter)
    {
        meter.ChargeText(Math.Max(0, count));
        meter.AllocateText(Math.Max(0, count));
        return new TextValue(new string(' ', Math.Max(0, count)));
    }
}
