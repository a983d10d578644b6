namespace Helios.Sdk.Adaptation.Statistics;

/// <summary>Student's t: how much wider than a normal one an interval must be whose spread is estimated from few requests.</summary>
internal static class StudentT
{
    private const double Normal = 1.959963984540054;

    /// <summary>The first twelve; beyond them the expansion is exact to four digits.</summary>
    private static readonly double[] Few = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788];

    /// <summary>The 97.5 % quantile: both ends of a 95 % interval.</summary>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    public static double Quantile(int freedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(freedom, 1);
        if (freedom <= Few.Length) return Few[freedom - 1];

        // Fisher and Cornish: powers of 1 / freedom.
        var cube = Math.Pow(Normal, 3);
        var fifth = Math.Pow(Normal, 5);
        return Normal + (cube + Normal) / (4.0 * freedom) + (5 * fifth + 16 * cube + 3 * Normal) / (96.0 * freedom * freedom);
    }
}
