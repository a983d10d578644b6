using System.Globalization;
using System.Text.Json;

namespace Helios.Cli.Output;

/// <summary>Numbers as people read them.</summary>
internal static class Units
{
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < Binary.Length - 1; unit++) value /= 1024;
        return unit == 0 ? Invariant($"{bytes} B") : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {Binary[unit]}");
    }

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(double? value, string format = "0.###") =>
        value is { } known ? known.ToString(format, CultureInfo.InvariantCulture) : "-";

    /// <summary>A member of an enumeration as JSON names it.</summary>
    public static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>A number as JSON can hold it: NaN and infinities are "not known".</summary>
    public static double? Finite(double? value) => value is { } known && double.IsFinite(known) ? known : null;
}
