using Helios.Sdk.Serving;

namespace Helios.Sdk.Energy;

/// <summary>
/// Reads the meter a few times a second and learns from it what the device draws while it computes: a point's joules per token
/// are those watts times the time a token takes. Thread-safe.
/// </summary>
internal sealed class EnergyGauge : IDisposable
{
    /// <summary>No machine that runs one engine draws more: a counter that rises faster jumped, or its driver is broken.</summary>
    private const double MostWatts = 100_000;

    /// <summary>Counters rise in leaps of some milliseconds' worth, so that a short time says nothing of their pace.</summary>
    private const double ShortestPace = 1;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly IEnergyMeter meter;
    private readonly ServingState serving;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly PowerEstimate power = new();
    private ITimer? timer;
    private EnergyReading latest;
    private double? counter;
    private long countedAt;
    private double total;
    private (long At, double Busy) read;

    /// <summary>Takes the first reading.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="serving">Knows how long the device has computed so far.</param>
    /// <param name="time">Clock.</param>
    public EnergyGauge(IEnergyMeter meter, ServingState serving, TimeProvider time)
    {
        this.meter = meter;
        this.serving = serving;
        this.time = time;
        latest = Read();
        counter = latest.Joules;
        read = (time.GetTimestamp(), serving.BusySeconds);
        countedAt = read.At;
        UnavailableBecause = latest.UnavailableBecause;
    }

    /// <summary>Why the first reading failed; null when there was one.</summary>
    public string? UnavailableBecause { get; }

    /// <summary>The meter, for people.</summary>
    public string Source => meter.Source;

    /// <summary>Whether the meter only estimates.</summary>
    public bool IsEstimate => meter.IsEstimate;

    /// <summary>Watts while computing; null while they are not known.</summary>
    public double? Watts
    {
        get { lock (gate) return power.Watts; }
    }

    /// <summary>The same up to now, but for what is only estimated: it is not worth keeping.</summary>
    public double? MeasureWatts()
    {
        Sample();
        return IsEstimate ? null : Watts;
    }

    /// <summary>Reads the meter from now on, if it can be read at all.</summary>
    public void Start()
    {
        if (UnavailableBecause is null) timer = time.CreateTimer(_ => Sample(), null, Period, Period);
    }

    /// <summary>Reads the meter now: joules since this was made, or why there are none.</summary>
    public EnergyReading Sample()
    {
        lock (gate)
        {
            var (before, at) = (latest, read);
            latest = Read();
            read = (time.GetTimestamp(), serving.BusySeconds);
            if (latest.Joules is not { } joules) return latest;
            var used = joules - counter ?? 0;
            counter = joules;
            var most = MostWatts * Math.Max(ShortestPace, time.GetElapsedTime(countedAt, read.At).TotalSeconds);
            countedAt = read.At;

            // A counter that has fallen or jumped began anew, and what it counted in between is not known.
            if (used >= 0 && used <= most)
            {
                total += used;

                // A reading that failed in between leaves a gap, not an interval.
                if (before.Joules is not null) power.Add(used, time.GetElapsedTime(at.At, read.At).TotalSeconds, read.Busy - at.Busy);
            }

            return EnergyReading.Of(total);
        }
    }

    /// <summary>Reads no more.</summary>
    public void Dispose() => timer?.Dispose();

    /// <summary>What the meter says. The host's own may throw: on the timer's thread that would end the process.</summary>
    private EnergyReading Read()
    {
        try
        {
            return meter.Read() switch
            {
                { Joules: { } joules } when !double.IsFinite(joules) => EnergyReading.Unavailable(Invariant($"{meter.Source} says {joules} joules")),
                { Joules: null, UnavailableBecause: null } => EnergyReading.Unavailable($"{meter.Source} says nothing"),
                var reading => reading,
            };
        }
        catch (Exception error)
        {
            return EnergyReading.Unavailable($"{meter.Source} could not be read: {error.Message}");
        }
    }
}
