namespace Helios.Sdk;

/// <summary>A 95 % confidence interval. Its units are whole requests, because tokens of one request are not independent.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end, at least <paramref name="Low"/>.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Length from end to end.</summary>
    public double Width => High - Low;

    /// <summary>Whether a value is within the interval, ends included.</summary>
    /// <param name="value">The value.</param>
    public bool Contains(double value) => value >= Low && value <= High;
}
