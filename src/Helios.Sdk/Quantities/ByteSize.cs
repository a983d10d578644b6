using System.Globalization;

namespace Helios.Sdk.Quantities;

/// <summary>Reads amounts of memory: <c>48MiB</c>, <c>1.5GB</c>, or plain bytes.</summary>
internal static class ByteSize
{
    public const string Expected = "bytes, or a number and a unit such as 48MiB, 2GiB or 1.5GB, at least 1 byte";

    /// <summary>Where an amount below 1 comes from.</summary>
    public const string Overflow = "(In C#, 4 << 30 is an int that overflows to 0, and 2 << 30 one below 0; 4L << 30 is 4 GiB.)";

    // Longest first, so that "B" does not take the end of "MiB".
    private static readonly (string Name, decimal Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    /// <summary>Reads an amount; false when it is none, or no whole number of bytes from 1 up.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        var (number, unit) = Split(text.Trim());
        bytes = 0;
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return false;
        if (value > long.MaxValue / unit) return false;
        var exact = value * unit;
        if (exact < 1 || decimal.Truncate(exact) != exact) return false;
        bytes = (long)exact;
        return true;
    }

    private static (string Number, decimal Unit) Split(string text)
    {
        foreach (var (name, bytes) in Units)
        {
            if (text.EndsWith(name, StringComparison.OrdinalIgnoreCase)) return (text[..^name.Length].TrimEnd(), bytes);
        }

        return (text, 1);
    }
}
