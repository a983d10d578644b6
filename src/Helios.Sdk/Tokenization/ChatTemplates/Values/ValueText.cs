using System.Buffers;
using System.Globalization;
using System.Text;

namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>Values as text: what <c>{{ }}</c> writes, which is what Python's <c>str</c> and <c>repr</c> write.</summary>
internal static class ValueText
{
    public static TextValue Str(Value value, ExecutionMeter meter)
    {
        if (value is TextValue text) return text;
        if (value is UndefinedValue) return TextValue.Empty;
        return Repr(value, meter);
    }

    /// <summary>A value as a program would write it: texts in quotes.</summary>
    public static TextValue Repr(Value value, ExecutionMeter meter)
    {
        var builder = new TextBuilder(meter);
        AppendRepr(value, builder, meter);
        return builder.ToText();
    }

    private static void AppendRepr(Value value, TextBuilder builder, ExecutionMeter meter)
    {
        switch (value)
        {
            case TextValue text:
                AppendWords(Quote(text.Text, meter), !text.Verbatim.IsEmpty, builder);
                break;
            case ListValue list:
                builder.Append(list.IsTuple ? "(" : "[");
                AppendAll(list.Items, item => AppendRepr(item, builder, meter), builder, meter);
                builder.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case MapValue map:
                builder.Append("{");
                AppendAll(map.Entries, entry =>
                {
                    AppendRepr(entry.Key, builder, meter);
                    builder.Append(": ");
                    AppendRepr(entry.Value, builder, meter);
                }, builder, meter);
                builder.Append("}");
                break;
            default:
                AppendWords(Scalar(value) ?? throw meter.Fail($"{value.TypeName} cannot be written as text"), Value.IsCallersNumber(value), builder);
                break;
        }
    }

    private static void AppendWords(string words, bool areCallers, TextBuilder builder)
    {
        if (areCallers) builder.AppendCallers(words);
        else builder.Append(words);
    }

    private static void AppendAll<T>(IEnumerable<T> items, Action<T> append, TextBuilder builder, ExecutionMeter meter)
    {
        meter.Allocate(3 * TemplateLimits.ValueBytes);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst) builder.Append(", ");
            isFirst = false;
            append(item);
        }
    }

    private const int UnicodeEscapeLength = 10;

    private static string? Scalar(Value value) => value switch
    {
        NoneValue => "None",
        BoolValue truth => truth.IsTrue ? "True" : "False",
        IntValue number => number.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue number => PythonText.Format(number.Number),
        UndefinedValue => "Undefined",
        _ => null,
    };

    private static string Quote(string text, ExecutionMeter meter)
    {
        // Room for the text in quotes, and the copy of that; what is escaped takes more.
        meter.AllocateText(4L * text.Length);
        meter.Allocate(TemplateLimits.ValueBytes);
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var quoted = new StringBuilder(text.Length + 2).Append(quote);
        for (var at = 0; at < text.Length;)
        {
            var isWhole = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) == OperationStatus.Done;
            meter.Scan(length);
            var code = isWhole ? rune.Value : text[at];
            _ = code switch
            {
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\\' => quoted.Append("\\\\"),
                _ when code == quote => quoted.Append('\\').Append(quote),
                _ when isWhole && PythonText.IsPrintable(rune) => quoted.Append(text, at, length),
                < 0x100 => quoted.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}"),
                < 0x10000 => quoted.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}"),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}"),
            };
            if (!isWhole || !PythonText.IsPrintable(rune)) meter.AllocateText(4 * UnicodeEscapeLength);
            at += length;
        }

        return quoted.Append(quote).ToString();
    }
}
