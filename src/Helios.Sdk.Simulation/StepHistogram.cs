namespace Helios.Sdk.Simulation;

/// <summary>Times of steps in bins that grow by 2 %, from a microsecond to minutes.</summary>
internal sealed class StepHistogram
{
    private const double Least = 1e-6;
    private static readonly double Growth = Math.Log(1.02);

    private readonly long[] bins = new long[1000];
    private long count;

    public void Add(double seconds)
    {
        bins[Math.Clamp((int)(Math.Log(Math.Max(seconds, Least) / Least) / Growth), 0, bins.Length - 1)]++;
        count++;
    }

    /// <summary>A quantile in seconds; 0 without a step.</summary>
    /// <param name="share">0..1.</param>
    public double At(double share)
    {
        if (count == 0) return 0;
        var left = (long)Math.Ceiling(share * count);
        var bin = 0;
        while ((left -= bins[bin]) > 0) bin++;
        return Least * Math.Exp((bin + 0.5) * Growth);
    }
}
