namespace Quickstart;

/// <summary>Numbers as people read them.</summary>
internal static class Format
{
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1 << 20 => $"{bytes / (1 << 20):0.0} MiB",
        >= 1 << 10 => $"{bytes / (1 << 10):0} KiB",
        _ => $"{bytes:0} B",
    };

    public static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        >= 1 => $"{time.TotalSeconds:0.0} s",
        >= 0.01 => $"{time.TotalMilliseconds:0} ms",
        _ => $"{time.TotalMilliseconds:0.0} ms",
    };

    public static string Share(double? share) => Known(share, "0 %");

    public static string Known(double? value, string format) => value is { } known ? known.ToString(format) : "?";
}
