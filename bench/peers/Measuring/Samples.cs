namespace Helios.Peers.Measuring;

/// <summary>One figure a round, in order of rounds.</summary>
internal sealed record Samples(IReadOnlyList<double> Values)
{
    public double Median { get; } = MedianOf([.. Values]);

    public double Least => Values.Min();

    public double Most => Values.Max();

    /// <summary>A figure of each round of two.</summary>
    public Samples Zip(Samples other, Func<double, double, double> combine) => new([.. Values.Zip(other.Values, combine)]);

    public Samples Select(Func<double, double> map) => new([.. Values.Select(map)]);

    public static double MedianOf(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
