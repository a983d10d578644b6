using Helios.Sdk;

namespace Helios.Cli.Benching;

/// <summary>Times of the same thing done again and again, in seconds.</summary>
internal sealed class Samples
{
    private readonly List<double> values = [];

    public int Count => values.Count;

    public double Sum { get; private set; }

    public double Mean => values.Count == 0 ? double.NaN : Sum / values.Count;

    public double Median => At(0.5);

    public IReadOnlyList<double> Values => values;

    public void Add(double value)
    {
        values.Add(value);
        Sum += value;
    }

    /// <summary>The value that a share of all lie at or below; NaN of none.</summary>
    public double At(double share)
    {
        if (values.Count == 0) return double.NaN;
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
