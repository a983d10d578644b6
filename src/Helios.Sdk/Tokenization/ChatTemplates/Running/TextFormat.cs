using System.Globalization;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Formats texts as Python does: <c>%s</c>, and <c>{}</c> with a width, an alignment and decimals.</summary>
internal static class TextFormat
{
    private const int Widest = 1000;

    /// <summary>Bytes of a call by an operator, and of what is read of each field.</summary>
    private const int CallBytes = 256;

    /// <summary><c>'%s: %.2f' % (a, b)</c>.</summary>
    public static TextValue Percent(TextValue format, CallArguments arguments)
    {
        var meter = arguments.Meter;
        meter.Allocate(CallBytes);
        var builder = new TextBuilder(meter);
        var (next, done) = (0, 0);
        for (var at = format.Text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = format.Text.IndexOf('%', done))
        {
            builder.Append(format.Cut(done, at - done, meter));
            var end = at + 1;
            while (end < format.Length && format.Text[end] is '-' or '0' or '.' or (>= '1' and <= '9')) end++;
            if (end == format.Length) throw arguments.Fail("the format ends within a field");
            var spec = format.Text[(at + 1)..end];
            done = end + 1;
            if (format.Text[end] == '%') builder.Append("%");
            else Append(builder, Next(arguments, next++), Spec.Read(spec.TrimStart('-'), format.Text[end], spec.StartsWith('-') ? '<' : '>', arguments), arguments);
        }

        if (next < arguments.Positional.Length && arguments.Positional is not [MapValue]) throw arguments.Fail("not all arguments are used");
        builder.Append(format.Cut(done, format.Length - done, meter));
        return builder.ToText();
    }

    /// <summary><c>'{} {0} {name:&gt;8}'.format(a, name=b)</c>.</summary>
    public static TextValue Braces(TextValue format, CallArguments arguments)
    {
        var meter = arguments.Meter;
        meter.Allocate(CallBytes);
        var builder = new TextBuilder(meter);
        var (next, done) = (0, 0);
        for (var at = Brace(format, 0); at >= 0; at = Brace(format, done))
        {
            builder.Append(format.Cut(done, at - done, meter));
            if (at + 1 < format.Length && format.Text[at + 1] == format.Text[at])
            {
                builder.Append(format.Cut(at, 1, meter));
                done = at + 2;
                continue;
            }

            var end = format.Text.IndexOf('}', at);
            if (format.Text[at] == '}' || end < 0) throw arguments.Fail("the format has a single brace");
            var field = format.Text[(at + 1)..end];
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? field : field[..colon];
            var value = name.Length == 0 ? Next(arguments, next++) : Named(arguments, name);
            Append(builder, value, Spec.Read(colon < 0 ? "" : field[(colon + 1)..], '\0', ValueComparison.TryNumber(value, out _) ? '>' : '<', arguments), arguments);
            done = end + 1;
        }

        builder.Append(format.Cut(done, format.Length - done, meter));
        return builder.ToText().AsMarkup(format.IsMarkup);
    }

    private static int Brace(TextValue format, int from) => from >= format.Length ? -1 : format.Text.AsSpan(from).IndexOfAny('{', '}') is >= 0 and var at ? from + at : -1;

    private static Value Next(CallArguments arguments, int index) =>
        index < arguments.Positional.Length ? arguments.Positional[index] : throw arguments.Fail("there are fewer arguments than fields");

    private static Value Named(CallArguments arguments, string name)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return Next(arguments, index);
        foreach (var (known, value) in arguments.Named)
        {
            if (known == name) return value;
        }

        throw arguments.Fail("the format has a field that is not given");
    }

    private static void Append(TextBuilder builder, Value value, Spec spec, CallArguments arguments)
    {
        arguments.Meter.Allocate(CallBytes + (2L * sizeof(char) * spec.Width));
        var text = Text(value, spec, arguments);
        var missing = spec.Width - CodePoints.Count(text.Text, arguments.Meter);
        var before = missing <= 0 || spec.Align == '<' ? 0 : spec.Align == '^' ? missing / 2 : missing;
        builder.Append(new string(spec.Fill, before));
        builder.Append(text);
        builder.Append(new string(spec.Fill, Math.Max(0, missing - before)));
    }

    private static TextValue Text(Value value, Spec spec, CallArguments arguments)
    {
        if (spec.Kind is 's' or 'r') return spec.Kind == 'r' ? ValueText.Repr(value, arguments.Meter) : ValueText.Str(value, arguments.Meter);
        if (spec.Kind == '\0' && spec.Decimals < 0 && !spec.Groups) return ValueText.Str(value, arguments.Meter);
        if (!ValueComparison.TryNumber(value, out var number)) throw arguments.Fail($"a field for numbers has {value.TypeName}");
        var whole = value is IntValue known ? known.Number : (long)Math.Clamp(number, -9e18, 9e18);
        var written = spec.Kind switch
        {
            'x' => whole.ToString("x", CultureInfo.InvariantCulture),
            'd' or 'i' => whole.ToString(spec.Groups ? "N0" : "D", CultureInfo.InvariantCulture),
            '%' => PythonText.Fixed(number * 100, spec.Decimals < 0 ? 6 : spec.Decimals, spec.Groups) + "%",
            'e' => number.ToString("0." + new string('0', spec.Decimals < 0 ? 6 : spec.Decimals) + "e+00", CultureInfo.InvariantCulture),
            '\0' when value is IntValue => whole.ToString("N0", CultureInfo.InvariantCulture),
            _ => PythonText.Fixed(number, spec.Decimals < 0 ? 6 : spec.Decimals, spec.Groups),
        };
        return Value.IsCallersNumber(value) ? TextValue.FromCaller(written) : new TextValue(written);
    }

    /// <summary>How a field is written.</summary>
    private sealed record Spec(char Fill, char Align, int Width, bool Groups, int Decimals, char Kind)
    {
        /// <param name="text">What stands in the format.</param>
        /// <param name="kind">The kind where the format has it elsewhere.</param>
        /// <param name="align">How it is aligned unless the format says.</param>
        /// <param name="arguments">For messages, which never repeat the format: it may be the caller's.</param>
        public static Spec Read(string text, char kind, char align, CallArguments arguments)
        {
            var fill = ' ';
            var at = 0;
            if (text.Length > 1 && text[1] is '<' or '>' or '^') (fill, align, at) = (text[0], text[1], 2);
            else if (text.Length > 0 && text[0] is '<' or '>' or '^') (align, at) = (text[0], 1);
            if (at < text.Length && text[at] == '0') (fill, at) = ('0', at + 1);
            var width = ReadNumber(text, ref at, arguments) ?? 0;
            var groups = at < text.Length && text[at] == ',';
            if (groups) at++;
            var decimals = -1;
            if (at < text.Length && text[at] == '.')
            {
                at++;
                decimals = ReadNumber(text, ref at, arguments) ?? throw arguments.Fail("a field of the format has a point without decimals");
            }

            if (kind == '\0' && at < text.Length) kind = text[at++];
            if (at < text.Length || kind is not ('\0' or 's' or 'r' or 'd' or 'i' or 'f' or 'e' or 'x' or '%')) throw arguments.Fail("a field of the format is not supported");
            return new Spec(fill, align, width, groups, decimals, kind);
        }

        private static int? ReadNumber(string text, ref int at, CallArguments arguments)
        {
            var start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            if (at == start) return null;
            return int.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Widest
                ? number
                : throw arguments.Fail(Invariant($"a field of the format is wider than {Widest}"));
        }
    }
}
