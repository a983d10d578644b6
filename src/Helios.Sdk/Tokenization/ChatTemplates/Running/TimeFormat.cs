using System.Globalization;
using System.Text;
using Helios.Sdk.Tokenization.ChatTemplates.Values;

namespace Helios.Sdk.Tokenization.ChatTemplates.Running;

/// <summary>Dates the way Python's <c>strftime</c> writes them in English.</summary>
internal static class TimeFormat
{
    private const int Longest = 256;

    public static TextValue Write(TextValue given, DateTimeOffset time, CallArguments arguments)
    {
        var format = given.Text;
        if (format.Length > Longest) throw arguments.Fail($"the format is {format.Length} characters long, expected at most {Longest}");
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var isPadded = !(i + 1 < format.Length && format[i + 1] == '-');
            if (!isPadded) i++;
            i++;
            var part = i < format.Length ? Part(format[i], time) : null;
            if (part is null) throw arguments.Fail(given.Verbatim.IsEmpty && i < format.Length ? $"the format '{format[i]}' is not supported" : "the format is not supported");
            text.Append(isPadded ? part : part.TrimStart('0') is { Length: > 0 } digits ? digits : "0");
        }

        return TextValue.DerivedFrom(text.ToString(), given);
    }

    private static string? Part(char format, DateTimeOffset time) => format switch
    {
        'Y' => Write(time, "yyyy"),
        'y' => Write(time, "yy"),
        'm' => Write(time, "MM"),
        'd' => Write(time, "dd"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'B' => Write(time, "MMMM"),
        'b' or 'h' => Write(time, "MMM"),
        'A' => Write(time, "dddd"),
        'a' => Write(time, "ddd"),
        'H' => Write(time, "HH"),
        'I' => Write(time, "hh"),
        'M' => Write(time, "mm"),
        'S' => Write(time, "ss"),
        'p' => Write(time, "tt"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'F' => Write(time, "yyyy-MM-dd"),
        'T' => Write(time, "HH:mm:ss"),
        'R' => Write(time, "HH:mm"),
        'D' => Write(time, "MM/dd/yy"),
        '%' => "%",
        _ => null,
    };

    private static string Write(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
