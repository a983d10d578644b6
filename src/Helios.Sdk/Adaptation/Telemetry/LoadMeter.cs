namespace Helios.Sdk.Adaptation.Telemetry;

/// <summary>Demand as it is now.</summary>
/// <param name="TokensPerSecond">Answer tokens asked for per second of time: those answered with, and while requests wait what the arrivals are likely to take, if that is more.</param>
/// <param name="MeanBatch">Sequences in a step, mean over the time of steps; 0 before the first.</param>
/// <param name="Utilisation">Share of time in which a step ran, 0..1.</param>
/// <param name="Waiting">Requests that wait to be served, mean over all time.</param>
internal readonly record struct LoadFacts(double TokensPerSecond, double MeanBatch, double Utilisation, double Waiting)
{
    /// <summary>Requests being served or waiting for it, mean over all time.</summary>
    public double Concurrency => MeanBatch * Utilisation + Waiting;
}

/// <summary>
/// Measures demand over about the last <see cref="Memory"/>, and notices when it doubles or halves. It fades while nothing
/// comes; traffic that returns after longer than that is measured from its return on, for what went before says nothing of it.
/// A queue counts: beyond what can be served more of it is neither served nor a larger batch. Thread-safe.
/// </summary>
/// <param name="time">Clock.</param>
internal sealed class LoadMeter(TimeProvider time)
{
    private const double Change = 2;

    /// <summary>Arrivals are no rate before this long.</summary>
    private const double LeastSpan = 1;

    /// <summary>Time constant of the means.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private long last = time.GetTimestamp();
    private long active = time.GetTimestamp();

    // Sums over the past, what is older weighing less; of seconds, but for the tokens.
    private double span;
    private double busy;
    private double rows;
    private double waits;
    private double tokens;
    private double asked;

    private int queued;
    private double? noticed;
    private double sinceNoticed;

    public LoadFacts Facts
    {
        get
        {
            lock (gate)
            {
                Pass();
                return Present();
            }
        }
    }

    /// <summary>A request has come that is likely to be answered with so many tokens; whether or not it was let in.</summary>
    public void Asked(int answerTokens)
    {
        lock (gate)
        {
            Resume(TimeSpan.Zero);
            Pass();
            asked += answerTokens;
        }
    }

    /// <summary>A step of so many sequences ended now, while so many requests waited; true when demand has become another.</summary>
    public bool StepRan(int sequences, int waiting, double seconds)
    {
        lock (gate)
        {
            Resume(TimeSpan.FromSeconds(seconds));
            queued = waiting;
            Pass();
            busy += Weight(seconds);
            rows += sequences * Weight(seconds);
            tokens += sequences;

            // The means have to forget what was before.
            if (sinceNoticed < 2 * Memory.TotalSeconds) return false;
            var concurrency = Present().Concurrency;
            if (noticed is { } before && concurrency < Change * before && concurrency * Change > before) return false;
            var first = noticed is null;
            (noticed, sinceNoticed) = (concurrency, 0);
            return !first;
        }
    }

    /// <summary>The weight of a stretch of time that ends now, in seconds.</summary>
    private static double Weight(double seconds) => Memory.TotalSeconds * (1 - Math.Exp(-seconds / Memory.TotalSeconds));

    /// <summary>Begins anew after a long time in which nothing came and nothing ran.</summary>
    /// <param name="ran">How long what ends now has run.</param>
    private void Resume(TimeSpan ran)
    {
        var idle = time.GetElapsedTime(active) - ran;
        active = time.GetTimestamp();
        if (idle <= Memory) return;
        (span, busy, rows, waits, tokens, asked, sinceNoticed, queued) = (0, 0, 0, 0, 0, 0, 0, 0);
        last = active - (long)(ran.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>Lets the time since the last call pass.</summary>
    private void Pass()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(last, now).TotalSeconds;
        last = now;
        var keep = Math.Exp(-elapsed / Memory.TotalSeconds);
        span = span * keep + Weight(elapsed);
        waits = waits * keep + queued * Weight(elapsed);
        busy *= keep;
        rows *= keep;
        tokens *= keep;
        asked *= keep;
        sinceNoticed += elapsed;
    }

    private LoadFacts Present()
    {
        if (span <= 0 || busy <= 0) return default;
        var waiting = waits / span;
        var served = tokens / span;
        var wanted = waiting >= 1 ? Math.Max(served, asked / Math.Max(span, LeastSpan)) : served;
        return new LoadFacts(wanted, rows / busy, Math.Min(1, busy / span), waiting);
    }
}
