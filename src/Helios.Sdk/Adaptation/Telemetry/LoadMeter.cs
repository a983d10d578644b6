namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>Demand as it is now.</summary>
/// <param name="TokensPerSecond">Tokens answered with per second of time.</param>
/// <param name="MeanBatch">Sequences in a step, mean over the time of steps; 0 before the first.</param>
/// <param name="Utilisation">Share of time in which a step ran, 0..1.</param>
internal readonly record struct LoadFacts(double TokensPerSecond, double MeanBatch, double Utilisation)
{
    /// <summary>Sequences being served, mean over all time.</summary>
    public double Concurrency => MeanBatch * Utilisation;
}

/// <summary>
/// Measures demand over about the last <see cref="Memory"/>, and notices when it doubles or halves. Written by the device
/// thread.
/// </summary>
/// <param name="time">Clock.</param>
internal sealed class LoadMeter(TimeProvider time)
{
    private const double Change = 2;

    /// <summary>Time constant of the means.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private long last = time.GetTimestamp();
    private double span;
    private double busy;
    private double rows;
    private double tokens;
    private double? noticed;
    private double sinceNoticed;

    public LoadFacts Facts
    {
        get { lock (gate) return Present(); }
    }

    /// <summary>A step of so many sequences ended now; true when demand has become another.</summary>
    public bool StepRan(int sequences, double seconds)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var elapsed = time.GetElapsedTime(last, now).TotalSeconds;
            last = now;
            var keep = Math.Exp(-elapsed / Memory.TotalSeconds);
            span = span * keep + Math.Max(elapsed, seconds);
            busy = busy * keep + seconds;
            rows = rows * keep + sequences * seconds;
            tokens = tokens * keep + sequences;
            sinceNoticed += elapsed;

            // The means have to forget what was before.
            if (sinceNoticed < 2 * Memory.TotalSeconds) return false;
            var concurrency = Present().Concurrency;
            if (noticed is { } before && concurrency < Change * before && concurrency * Change > before) return false;
            var first = noticed is null;
            (noticed, sinceNoticed) = (concurrency, 0);
            return !first;
        }
    }

    private LoadFacts Present() => span <= 0 || busy <= 0 ? default : new LoadFacts(tokens / span, rows / busy, Math.Min(1, busy / span));
}
