using System.Globalization;

namespace Helios.Sdk.Quantities;

/// <summary>Reads spans of time with their unit: <c>500ms</c>, <c>0.5s</c>, <c>10min</c>.</summary>
internal static class Duration
{
    public const string Expected = "a time above 0 with its unit, such as 500ms, 0.5s or 10min";

    // Longest first, so that "s" does not take the end of "ms".
    private static readonly (string Name, double Seconds)[] Units = [("min", 60), ("ms", 1e-3), ("us", 1e-6), ("s", 1)];

    /// <summary>Reads a time; false when it is none, has no unit, or is not above 0 and at most a day.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        text = text.Trim();
        foreach (var (name, unit) in Units)
        {
            if (!text.EndsWith(name, StringComparison.Ordinal)) continue;
            if (!double.TryParse(text.AsSpan(0, text.Length - name.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            if (!(number * unit <= TimeSpan.SecondsPerDay)) return false;
            time = TimeSpan.FromSeconds(number * unit);
            return time > TimeSpan.Zero;
        }

        return false;
    }
}
