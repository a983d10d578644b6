namespace Helios.Sdk.Energy;

/// <summary>
/// Learns the power of a device while it computes from intervals in which it computed some of the time. Power is taken to be
/// linear in that share, so that intervals of different shares show what idling draws; where shares hardly differ, the mean
/// power is the answer. What idling draws is part of it: it is drawn for the tokens too.
/// </summary>
internal sealed class PowerEstimate
{
    /// <summary>Intervals fade: the latest few hundred count.</summary>
    private const double Kept = 0.995;

    /// <summary>Least variance of shares from which a slope is worth reading.</summary>
    private const double LeastVariance = 0.005;

    // Sums over intervals, weighted by their length: 1, share, share squared, watts, share x watts.
    private double n, s, ss, p, sp;

    /// <summary>Watts while computing; null before anything was computed.</summary>
    public double? Watts
    {
        get
        {
            if (!(s > 0)) return null;
            var (share, watts) = (s / n, p / n);
            var variance = ss / n - share * share;
            var slope = variance > LeastVariance ? Math.Max(0, (sp / n - share * watts) / variance) : 0;
            return watts + slope * (1 - share);
        }
    }

    /// <summary>Notes an interval.</summary>
    /// <param name="joules">Energy used in it.</param>
    /// <param name="seconds">Its length; one of 0 is ignored.</param>
    /// <param name="busySeconds">Time of it spent computing.</param>
    public void Add(double joules, double seconds, double busySeconds)
    {
        if (!(seconds > 0)) return;
        var share = Math.Clamp(busySeconds / seconds, 0, 1);
        var watts = joules / seconds;
        n = Kept * n + seconds;
        s = Kept * s + seconds * share;
        ss = Kept * ss + seconds * share * share;
        p = Kept * p + seconds * watts;
        sp = Kept * sp + seconds * share * watts;
    }
}
