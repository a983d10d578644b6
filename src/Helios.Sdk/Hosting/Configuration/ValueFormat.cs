using System.Globalization;
using Helios.Sdk.Quantities;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>The values of a kind: how configuration writes them, and which are in range.</summary>
/// <param name="Written">What is written for a value other than null, for messages and docs.</param>
/// <param name="TryRead">Reads it; null is what JSON writes as null.</param>
internal sealed record ValueFormat<T>(string Written, TryRead<T> TryRead)
{
    /// <summary>How null is written, to go behind the rest; empty where it is no value.</summary>
    public string OrNull { get; init; } = "";

    /// <summary>The names that values have; empty when there is no list of them.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Which values are in range, null aside; empty when all are.</summary>
    public string Range { get; init; } = "";

    /// <summary>Which values are in range, with null where it is a value.</summary>
    public string Expected { get; init; } = "";

    /// <summary>Whether a value is in range.</summary>
    public Func<T, bool> Accepts { get; init; } = _ => true;

    /// <summary>A sentence that helps where a value is out of range; null when there is none.</summary>
    public string? Note { get; init; }

    /// <summary>The same with fewer values in range.</summary>
    public ValueFormat<T> Within(string range, Func<T, bool> accepts) =>
        this with { Written = $"{Written}, {range}", Range = range, Expected = range, Accepts = accepts };
}

/// <summary>Reads a value; false when the text is none.</summary>
internal delegate bool TryRead<T>(string? text, out T value);

/// <summary>The kinds of values there are.</summary>
internal static class ValueFormats
{
    /// <summary>What lifts a limit where null cannot be written, as in an environment variable.</summary>
    private const string None = "none";

    public static ValueFormat<bool> Flag { get; } = new("true or false", bool.TryParse);

    public static ValueFormat<int> Whole { get; } = new("a whole number", static (string? text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    public static ValueFormat<double> Number { get; } = new("a number", static (string? text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    /// <summary>What an app computes of ints overflows before it can be checked: the note says so.</summary>
    public static ValueFormat<long> Bytes { get; } = new(ByteSize.Expected, static (string? text, out long value) =>
    {
        value = 0;
        return text is not null && ByteSize.TryParse(text, out value);
    })
    {
        Range = "at least 1",
        Expected = "at least 1",
        Accepts = bytes => bytes >= 1,
        Note = ByteSize.Overflow,
    };

    /// <summary>A bare number is refused: it would be days.</summary>
    public static ValueFormat<TimeSpan> Time { get; } = new("a time such as 500ms, 30s, 10min or 01:30:00", static (string? text, out TimeSpan value) =>
    {
        value = default;
        return text is not null && (Duration.TryParse(text, out value) || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)));
    });

    public static ValueFormat<string> Name { get; } = new("a name", static (string? text, out string value) =>
    {
        value = text ?? "";
        return !string.IsNullOrWhiteSpace(text);
    })
    {
        Expected = "a name",
        Accepts = name => name is not null,
    };

    public static ValueFormat<Precision> Precision { get; } = new(string.Join(", ", Enum.GetNames<Precision>()), static (string? text, out Precision value) =>
        Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text![0]))
    {
        Names = Enum.GetNames<Precision>(),
        Expected = string.Join(", ", Enum.GetNames<Precision>()),
        Accepts = Enum.IsDefined,
    };

    /// <summary>A path; a relative one starts at a folder.</summary>
    public static ValueFormat<string> File(string folder) => new("a file", (string? text, out string value) =>
    {
        value = string.IsNullOrWhiteSpace(text) ? "" : Path.Combine(folder, text);
        return value.Length > 0;
    });

    // CompareTo puts NaN below every number: it is in no range that begins anywhere.
    public static ValueFormat<T> AtLeast<T>(this ValueFormat<T> format, T least, string unit = "")
        where T : IComparable<T> => format.Within($"at least {Words(least)}{unit}", value => value.CompareTo(least) >= 0);

    public static ValueFormat<T> Above<T>(this ValueFormat<T> format, T bound, string unit = "")
        where T : IComparable<T> => format.Within($"above {Words(bound)}{unit}", value => value.CompareTo(bound) > 0);

    public static ValueFormat<T> Above<T>(this ValueFormat<T> format, T bound, T most)
        where T : IComparable<T> => format.Within($"above {Words(bound)}, at most {Words(most)}", value => value.CompareTo(bound) > 0 && value.CompareTo(most) <= 0);

    public static ValueFormat<T> Between<T>(this ValueFormat<T> format, T least, T most)
        where T : IComparable<T> => format.Within($"{Words(least)} to {Words(most)}", value => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0);

    public static ValueFormat<T?> OrNone<T>(ValueFormat<T> format)
        where T : struct => new(format.Written, (string? text, out T? value) =>
    {
        value = null;
        if (text is null || Naming.Names.Same(text, None)) return true;
        if (!format.TryRead(text, out var read)) return false;
        value = read;
        return true;
    })
        {
            OrNull = $"; or null or \"{None}\"",
            Range = format.Range,
            Expected = $"{format.Expected}, or null",
            Accepts = value => value is null || format.Accepts(value.Value),
            Note = format.Note,
        };

    public static ValueFormat<string?> OrNull(ValueFormat<string> format) => new(format.Written, (string? text, out string? value) =>
    {
        value = null;
        if (text is null) return true;
        if (!format.TryRead(text, out var read)) return false;
        value = read;
        return true;
    })
    {
        OrNull = ", or null",
    };

    private static string Words<T>(T bound) => bound is TimeSpan time
        ? time == TimeSpan.Zero ? "0" : time.TotalDays >= 1 ? Invariant($"{time.TotalDays} day") : Invariant($"{time.TotalSeconds} second")
        : Invariant($"{bound}");
}
