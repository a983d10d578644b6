using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>The filter <c>tojson</c> as Hugging Face has it: Python's <c>json.dumps</c> without escaping to ASCII.</summary>
internal sealed class Json
{
    private const int ControlEscapeLength = 6;

    private readonly TextBuilder builder;
    private readonly CallArguments arguments;
    private readonly TextValue? indent;
    private readonly TextValue itemSeparator;
    private readonly TextValue keySeparator;
    private readonly bool sortsKeys;

    private Json(CallArguments arguments)
    {
        this.arguments = arguments;
        builder = new TextBuilder(arguments.Meter);
        var bound = arguments.Bind("ensure_ascii", "indent", "separators", "sort_keys");
        if (bound[0] is { IsTrue: true }) throw arguments.Fail("ensure_ascii is not supported");
        indent = bound[1] is null or NoneValue ? null : bound[1] as TextValue ?? new TextValue(new string(' ', Math.Clamp(arguments.Int(bound[1], "indent", 0), 0, 100)));
        (itemSeparator, keySeparator) = (new TextValue(indent is null ? ", " : ","), new TextValue(": "));
        if (bound[2] is ListValue { Items: [TextValue item, TextValue key] }) (itemSeparator, keySeparator) = (item, key);
        else if (bound[2] is not null and not NoneValue) throw arguments.Fail("the argument 'separators' is not a pair of strings");
        sortsKeys = bound[3] is { IsTrue: true };
    }

    public static TextValue Write(Value value, CallArguments arguments)
    {
        var json = new Json(arguments);
        json.Write(value, 1);
        return json.builder.ToText();
    }

    private void Write(Value value, int level)
    {
        switch (value)
        {
            case TextValue text:
                AppendWords(Quote(text.Text, arguments.Meter), !text.Verbatim.IsEmpty);
                break;
            case ListValue list:
                WriteAll('[', list.Items, item => Write(item, level + 1), ']', level);
                break;
            case MapValue map:
                var entries = sortsKeys ? Sorting.Sort([.. map.Entries], entry => entry.Key, reverse: false, arguments.Meter) : map.Entries;
                arguments.Meter.Allocate(map.Count * (long)ListValue.ItemBytes);
                WriteAll('{', [.. entries], entry =>
                {
                    Write(entry.Key as TextValue ?? new TextValue(Scalar(entry.Key)), level + 1);
                    builder.Append(keySeparator);
                    Write(entry.Value, level + 1);
                }, '}', level);
                break;
            default:
                AppendWords(Scalar(value), Value.IsCallersNumber(value));
                break;
        }
    }

    private void AppendWords(string words, bool areCallers)
    {
        if (areCallers) builder.AppendCallers(words);
        else builder.Append(words);
    }

    private void WriteAll<T>(char begin, IReadOnlyList<T> items, Action<T> write, char end, int level)
    {
        arguments.Meter.Allocate(3 * TemplateLimits.ValueBytes);
        builder.Append(begin.ToString());
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) builder.Append(itemSeparator);
            BreakLine(level);
            write(items[i]);
        }

        if (items.Count > 0) BreakLine(level - 1);
        builder.Append(end.ToString());
    }

    private void BreakLine(int level)
    {
        if (indent is null) return;
        builder.Append("\n");
        for (var i = 0; i < level; i++) builder.Append(indent);
    }

    private string Scalar(Value value) => value switch
    {
        NoneValue => "null",
        BoolValue truth => truth.IsTrue ? "true" : "false",
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue number => PythonText.Format(number.Number) switch { "nan" => "NaN", "inf" => "Infinity", "-inf" => "-Infinity", var text => text },
        _ => throw arguments.Fail($"{value.TypeName} cannot be written as JSON"),
    };

    private static string Quote(string text, ExecutionMeter meter)
    {
        // Room for the text in quotes, and the copy of that; what is escaped takes more.
        meter.AllocateText(4L * text.Length);
        meter.Allocate(TemplateLimits.ValueBytes);
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            meter.Scan();
            if (c < ' ') meter.AllocateText(ControlEscapeLength);
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\b' => quoted.Append("\\b"),
                '\f' => quoted.Append("\\f"),
                < ' ' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
