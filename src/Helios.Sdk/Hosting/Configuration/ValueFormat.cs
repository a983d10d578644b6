using System.Globalization;
using Helios.Sdk.Quantities;

namespace Helios.Sdk.Hosting.Configuration;

/// <summary>How configuration writes a value of a kind.</summary>
/// <param name="Expected">What is expected, for messages and docs.</param>
/// <param name="TryRead">Reads it; null is what JSON writes as null.</param>
internal sealed record ValueFormat<T>(string Expected, TryRead<T> TryRead)
{
    /// <summary>The names that values have; empty when there is no list of them.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
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

    public static ValueFormat<long> Bytes { get; } = new(ByteSize.Expected, static (string? text, out long value) =>
    {
        value = 0;
        return text is not null && ByteSize.TryParse(text, out value);
    });

    /// <summary>A bare number is refused: it would be days.</summary>
    public static ValueFormat<TimeSpan> Time { get; } = new("a time such as 500ms, 30s, 10min or 01:30:00", static (string? text, out TimeSpan value) =>
    {
        value = default;
        return text is not null && (Duration.TryParse(text, out value) || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)));
    });

    public static ValueFormat<string> Text { get; } = new("a name", static (string? text, out string value) =>
    {
        value = text ?? "";
        return !string.IsNullOrWhiteSpace(text);
    });

    public static ValueFormat<Precision> Precision { get; } = new(string.Join(", ", Enum.GetNames<Precision>()), static (string? text, out Precision value) =>
        Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text![0]))
    {
        Names = Enum.GetNames<Precision>(),
    };

    /// <summary>A path; a relative one starts at a folder.</summary>
    public static ValueFormat<string> File(string folder) => new("a file", (string? text, out string value) =>
    {
        value = string.IsNullOrWhiteSpace(text) ? "" : Path.Combine(folder, text);
        return value.Length > 0;
    });

    public static ValueFormat<T?> OrNone<T>(ValueFormat<T> format)
        where T : struct => new($"{format.Expected}; or null or \"{None}\"", (string? text, out T? value) =>
    {
        value = null;
        if (text is null || Naming.Names.Same(text, None)) return true;
        if (!format.TryRead(text, out var read)) return false;
        value = read;
        return true;
    });

    public static ValueFormat<string?> OrNull(ValueFormat<string> format) => new($"{format.Expected}, or null", (string? text, out string? value) =>
    {
        value = null;
        if (text is null) return true;
        if (!format.TryRead(text, out var read)) return false;
        value = read;
        return true;
    });
}
