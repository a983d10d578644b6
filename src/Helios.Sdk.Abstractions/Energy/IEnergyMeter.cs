namespace Helios.Sdk.Energy;

/// <summary>
/// Counts the energy of a device. The engine reads it a few times a second, from one thread at a time, and attributes the energy to
/// the steps that ran meanwhile.
/// </summary>
public interface IEnergyMeter
{
    /// <summary>A readable description of the meter: <c>RAPL package energy</c>.</summary>
    string Source { get; }

    /// <summary>Whether readings are estimates, not measurements.</summary>
    bool IsEstimate => false;

    /// <summary>Reads the counter. If it cannot be read now, the result has the reason; a later reading may succeed.</summary>
    EnergyReading Read();
}

/// <summary>A reading of an <see cref="IEnergyMeter"/>: joules, or the reason why there are none. A missing meter never reads as zero.</summary>
public readonly record struct EnergyReading
{
    private EnergyReading(double? joules, string? unavailableBecause)
    {
        Joules = joules;
        UnavailableBecause = unavailableBecause;
    }

    /// <summary>Joules since a moment before the first reading; only differences are meaningful. Null if unavailable.</summary>
    public double? Joules { get; }

    /// <summary>Why there is no reading; null if there is one.</summary>
    public string? UnavailableBecause { get; }

    /// <summary>A reading.</summary>
    /// <param name="joules">Joules counted so far.</param>
    public static EnergyReading Of(double joules) => new(joules, null);

    /// <summary>No reading.</summary>
    /// <param name="because">Why.</param>
    public static EnergyReading Unavailable(string because) => new(null, because);
}
