namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>Weighted least-squares fit under the condition that values do not fall (pool adjacent violators; Ayer et al., 1955).</summary>
internal static class IsotonicRegression
{
    /// <summary>Fits.</summary>
    /// <param name="values">Observed values in order.</param>
    /// <param name="weights">Weight of each, above 0.</param>
    /// <returns>The fitted values, never falling.</returns>
    public static double[] Fit(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        // A stack of blocks, each a mean over neighbours; a block below the one before it is merged into it.
        var means = new double[values.Length];
        var sums = new double[values.Length];
        var ends = new int[values.Length];
        var blocks = 0;
        for (var i = 0; i < values.Length; i++)
        {
            (means[blocks], sums[blocks], ends[blocks]) = (values[i], weights[i], i + 1);
            blocks++;
            while (blocks > 1 && means[blocks - 2] >= means[blocks - 1])
            {
                blocks--;
                var weight = sums[blocks - 1] + sums[blocks];
                means[blocks - 1] += (means[blocks] - means[blocks - 1]) * sums[blocks] / weight;
                (sums[blocks - 1], ends[blocks - 1]) = (weight, ends[blocks]);
            }
        }

        var fitted = new double[values.Length];
        for (int block = 0, i = 0; block < blocks; block++)
        {
            while (i < ends[block]) fitted[i++] = means[block];
        }

        return fitted;
    }
}
