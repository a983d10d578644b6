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
        var stripped = characters is null ? null : RunesOf(characters.Text, meter);
        bool IsStripped(Rune rune)
        {
            meter.Scan(rune.Utf16SequenceLength);
            return stripped?.Contains(rune) ?? PythonText.IsSpace(rune);
        }

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

        return text.Cut(start, rest.Length, meter);
    }

    /// <summary>The characters that a set of them names. A step each: a set takes long to fill.</summary>
    private static HashSet<Rune> RunesOf(string characters, ExecutionMeter meter)
    {
        var runes = new HashSet<Rune>();
        foreach (var rune in characters.EnumerateRunes())
        {
            meter.Charge();
            if (runes.Add(rune)) meter.Allocate(ListValue.ItemBytes);
        }

        return runes;
    }

    public static TextValue InCase(TextValue text, string name, ExecutionMeter meter)
    {
        var mapped = name switch
        {
            "upper" => PythonCase.Upper(text.Text, meter),
            "lower" => PythonCase.Lower(text.Text, meter),
            "capitalize" => PythonCase.Capitalize(text.Text, meter),
            _ => PythonCase.Title(text.Text, meter),
        };
        meter.ChargeText(mapped.Length);
        return TextValue.DerivedFrom(mapped, text).AsMarkup(text.IsMarkup);
    }

    public static TextValue Replace(TextValue text, TextValue old, TextValue with, int count, ExecutionMeter meter)
    {
        if (old.Length == 0) return PutBetween(text, with, count, meter);
        var search = new TextSearch(old.Text, meter);
        var at = count == 0 ? -1 : search.Next(text.Text, 0);
        if (at < 0) return text;
        var builder = new TextBuilder(meter);
        var from = 0;
        for (; at >= 0 && count != 0; at = search.Next(text.Text, from), count--)
        {
            builder.Append(text.Cut(from, at - from, meter));
            builder.Append(with);
            from = at + old.Length;
        }

        builder.Append(text.Cut(from, text.Length - from, meter));
        return builder.ToText();
    }

    /// <summary>Splits at a separator, or at runs of white space.</summary>
    public static List<Value> Split(TextValue text, TextValue? separator, int most, ExecutionMeter meter)
    {
        if (separator is null) return SplitWords(text, most, meter);
        if (separator.Length == 0) throw meter.Fail("split: the separator is empty");
        var search = new TextSearch(separator.Text, meter);
        var parts = new List<Value>();
        var from = 0;
        for (var at = 0; parts.Count < most && (at = search.Next(text.Text, from)) >= 0; from = at + separator.Length) Add(parts, text, from, at, meter);
        Add(parts, text, from, text.Length, meter);
        return parts;
    }

    /// <summary>The same from the right.</summary>
    public static List<Value> SplitFromRight(TextValue text, TextValue? separator, int most, ExecutionMeter meter)
    {
        if (separator is null) return SplitWordsFromRight(text, most, meter);
        if (separator.Length == 0) throw meter.Fail("rsplit: the separator is empty");
        var search = new TextSearch(separator.Text, meter, fromRight: true);
        var parts = new List<Value>();
        var to = text.Length;
        for (var at = 0; parts.Count < most && (at = search.Last(text.Text, to)) >= 0; to = at) Add(parts, text, at + separator.Length, to, meter);
        Add(parts, text, 0, to, meter);
        parts.Reverse();
        return parts;
    }

    public static List<Value> SplitLines(TextValue text, bool keepEnds, ExecutionMeter meter)
    {
        meter.ChargeText(text.Length);
        var lines = new List<Value>();
        for (var from = 0; from < text.Length;)
        {
            var at = text.Text.AsSpan(from).IndexOfAny(LineEnds);
            var end = at < 0 ? text.Length : from + at;
            var next = at < 0 ? end : string.CompareOrdinal(text.Text, end, "\r\n", 0, 2) == 0 ? end + 2 : end + 1;
            Add(lines, text, from, keepEnds ? next : end, meter);
            from = next;
        }

        return lines;
    }

    /// <summary>The text before a separator, it, and the text behind it; what is missing is empty.</summary>
    public static Value[] Partition(TextValue text, TextValue separator, bool fromRight, ExecutionMeter meter)
    {
        if (separator.Length == 0) throw meter.Fail("partition: the separator is empty");
        var at = fromRight ? new TextSearch(separator.Text, meter, fromRight: true).Last(text.Text, text.Length) : new TextSearch(separator.Text, meter).Next(text.Text, 0);
        if (at < 0) return fromRight ? [TextValue.Empty, TextValue.Empty, text] : [text, TextValue.Empty, TextValue.Empty];
        var end = at + separator.Length;
        return [text.Cut(0, at, meter), text.Cut(at, separator.Length, meter), text.Cut(end, text.Length - end, meter)];
    }

    public static int CountOf(TextValue text, TextValue part, ExecutionMeter meter)
    {
        if (part.Length == 0) return CodePoints.Count(text.Text, meter) + 1;
        var search = new TextSearch(part.Text, meter);
        var count = 0;
        for (var at = search.Next(text.Text, 0); at >= 0; at = search.Next(text.Text, at + part.Length)) count++;
        return count;
    }

    private static void Add(List<Value> parts, TextValue text, int from, int to, ExecutionMeter meter)
    {
        meter.Charge();
        meter.Allocate(ListValue.ItemBytes);
        parts.Add(text.Cut(from, to - from, meter));
    }

    private static List<Value> SplitWords(TextValue text, int most, ExecutionMeter meter)
    {
        var words = new List<Value>();
        for (var at = 0; at < text.Length;)
        {
            while (at < text.Length && PythonText.IsSpace(text.Text[at])) at = Next(at, 1, meter);
            if (at == text.Length) break;
            var end = at;
            while (end < text.Length && !PythonText.IsSpace(text.Text[end])) end = Next(end, 1, meter);
            if (words.Count == most) end = text.Length;
            Add(words, text, at, end, meter);
            at = end;
        }

        return words;
    }

    private static List<Value> SplitWordsFromRight(TextValue text, int most, ExecutionMeter meter)
    {
        var words = new List<Value>();
        for (var to = text.Length; ;)
        {
            while (to > 0 && PythonText.IsSpace(text.Text[to - 1])) to = Next(to, -1, meter);
            if (to == 0) break;
            var start = words.Count == most ? 0 : to;
            while (start > 0 && !PythonText.IsSpace(text.Text[start - 1])) start = Next(start, -1, meter);
            Add(words, text, start, to, meter);
            to = start;
        }

        words.Reverse();
        return words;
    }

    /// <summary>One character on, which is charged.</summary>
    private static int Next(int at, int step, ExecutionMeter meter)
    {
        meter.Scan();
        return at + step;
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
