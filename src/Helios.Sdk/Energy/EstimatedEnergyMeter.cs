namespace Helios.Sdk.Energy;

/// <summary>
/// Assumes a constant power: joules are watts times seconds. An estimate, and marked as one, for
/// machines without an energy meter.
/// </summary>
public sealed class EstimatedEnergyMeter : IEnergyMeter
{
    private readonly double watts;
    private readonly TimeProvider time;
    private readonly long started;

    /// <summary>Creates the meter.</summary>
    /// <param name="watts">Power while computing, above 0.</param>
    /// <param name="time">Clock; the system's by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="watts"/> is not a finite number above 0.</exception>
    public EstimatedEnergyMeter(double watts, TimeProvider? time = null)
    {
        if (!(watts > 0 && double.IsFinite(watts))) throw new ArgumentOutOfRangeException(nameof(watts), watts, "Expected watts above 0.");
        this.watts = watts;
        this.time = time ?? TimeProvider.System;
        started = this.time.GetTimestamp();
    }

    /// <inheritdoc/>
    public string Source => Invariant($"estimate: {watts:0.###} W all the time");

    /// <inheritdoc/>
    public bool IsEstimate => true;

    /// <inheritdoc/>
    public EnergyReading Read() => EnergyReading.Of(watts * time.GetElapsedTime(started).TotalSeconds);
}
