using System.Buffers;
using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Syntax;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>What Python's <c>str</c> can do, over text that remembers whose it is.</summary>
internal static class TextMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    public static TextValue Strip(TextValue text, TextValue? characters, bool left, bool right, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length + (characters?.Length ?? 0));
        var stripped = characters?.Text.EnumerateRunes().ToHashSet();
        bool IsStripped(Rune rune) => stripped?.Contains(rune) ?? PythonText.IsSpace(rune);
        var rest = text.Text.AsSpan();
        for (var length = 0; left && !rest.IsEmpty; rest = rest[length..])
        {
            Rune.DecodeFromUtf16(rest, out var first, out length);
            if (!IsStripped(first)) break;
        }

        var start = text.Length - rest.Length;
        for (var length = 0; right && !rest.IsEmpty; rest = rest[..^length])
        {
            Rune.DecodeLastFromUtf16(rest, out var last, out length);
            if (!IsStripped(last)) break;
        }

        return text.Cut(start, rest.Length);
    }

    public static TextValue InCase(TextValue text, string name, ExecutionMeter meter)
    {
        var mapped = name switch
        {
            "upper" => PythonCase.Upper(text.Text),
            "lower" => PythonCase.Lower(text.Text),
            "capitalize" => PythonCase.Capitalize(text.Text),
            _ => PythonCase.Title(text.Text),
        };
        meter.ChargeText(mapped.Length);
        return TextValue.DerivedFrom(mapped, text);
    }

    public static TextValue Replace(TextValue text, TextValue old, TextValue with, int count, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        if (old.Length == 0) return PutBetween(text, with, count, meter);
        var builder = new TextBuilder(meter);
        var from = 0;
        for (var at = Find(text, old, 0); at >= 0 && count != 0; at = Find(text, old, from), count--)
        {
            builder.Append(text.Cut(from, at - from));
            builder.Append(with);
            from = at + old.Length;
        }

        builder.Append(text.Cut(from, text.Length - from));
        return builder.ToText();
    }

    /// <summary>Splits at a separator, or at runs of white space.</summary>
    public static List<Value> Split(TextValue text, TextValue? separator, int most, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        if (separator is null) return SplitWords(text, most, meter);
        if (separator.Length == 0) throw meter.Fail("split: the separator is empty");
        var parts = new List<Value>();
        var from = 0;
        for (var at = Find(text, separator, 0); at >= 0 && parts.Count < most; at = Find(text, separator, from))
        {
            meter.Charge();
            parts.Add(text.Cut(from, at - from));
            from = at + separator.Length;
        }

        parts.Add(text.Cut(from, text.Length - from));
        return parts;
    }

    /// <summary>The same from the right.</summary>
    public static List<Value> SplitFromRight(TextValue text, TextValue? separator, int most, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        if (separator is null) return SplitWordsFromRight(text, most, meter);
        if (separator.Length == 0) throw meter.Fail("rsplit: the separator is empty");
        var parts = new List<Value>();
        var to = text.Length;
        for (var at = FindLast(text, separator, to); at >= 0 && parts.Count < most; at = FindLast(text, separator, to))
        {
            meter.Charge();
            parts.Add(text.Cut(at + separator.Length, to - at - separator.Length));
            to = at;
        }

        parts.Add(text.Cut(0, to));
        parts.Reverse();
        return parts;
    }

    public static List<Value> SplitLines(TextValue text, bool keepEnds, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        var lines = new List<Value>();
        for (var from = 0; from < text.Length;)
        {
            meter.Charge();
            var at = text.Text.AsSpan(from).IndexOfAny(LineEnds);
            var end = at < 0 ? text.Length : from + at;
            var next = at < 0 ? end : string.CompareOrdinal(text.Text, end, "\r\n", 0, 2) == 0 ? end + 2 : end + 1;
            lines.Add(text.Cut(from, (keepEnds ? next : end) - from));
            from = next;
        }

        return lines;
    }

    public static int CountOf(TextValue text, TextValue part, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        if (part.Length == 0) return CodePoints.Count(text.Text) + 1;
        return text.Text.AsSpan().Count(part.Text);
    }

    private static int Find(TextValue text, TextValue part, int from) => text.Text.IndexOf(part.Text, from, StringComparison.Ordinal);

    private static int FindLast(TextValue text, TextValue part, int before) => text.Text.AsSpan(0, before).LastIndexOf(part.Text);

    private static List<Value> SplitWords(TextValue text, int most, ExecutionMeter meter)
    {
        var words = new List<Value>();
        for (var at = 0; at < text.Length;)
        {
            while (at < text.Length && PythonText.IsSpace(text.Text[at])) at++;
            if (at == text.Length) break;
            meter.Charge();
            var end = at;
            while (end < text.Length && !PythonText.IsSpace(text.Text[end])) end++;
            if (words.Count == most)
            {
                words.Add(text.Cut(at, text.Length - at));
                break;
            }

            words.Add(text.Cut(at, end - at));
            at = end;
        }

        return words;
    }

    private static List<Value> SplitWordsFromRight(TextValue text, int most, ExecutionMeter meter)
    {
        var words = new List<Value>();
        for (var to = text.Length; ;)
        {
            while (to > 0 && PythonText.IsSpace(text.Text[to - 1])) to--;
            if (to == 0) break;
            meter.Charge();
            var start = words.Count == most ? 0 : to;
            while (start > 0 && !PythonText.IsSpace(text.Text[start - 1])) start--;
            words.Add(text.Cut(start, to - start));
            to = start;
        }

        words.Reverse();
        return words;
    }

    /// <summary>What replacing nothing comes to in Python: the text goes before every character, and behind the last.</summary>
    private static TextValue PutBetween(TextValue text, TextValue with, int count, ExecutionMeter meter)
    {
        var builder = new TextBuilder(meter);
        var left = count < 0 ? int.MaxValue : count;
        foreach (var character in CodePoints.Split(text, meter))
        {
            if (left-- > 0) builder.Append(with);
            builder.Append((TextValue)character);
        }

        if (left > 0) builder.Append(with);
        return builder.ToText();
    }
}
