namespace Helios.Sdk.Energy;

/// <summary>
/// Counts the energy that a device uses. The engine reads it a few times a second, from one thread at a time, and attributes
/// what it counts to the steps that ran meanwhile.
/// </summary>
public interface IEnergyMeter
{
    /// <summary>What is counted, and by whom, for people: <c>RAPL package energy</c>.</summary>
    string Source { get; }

    /// <summary>Whether readings are worked out rather than measured.</summary>
    bool IsEstimate => false;

    /// <summary>Reads the counter. A meter that cannot be read says why, as a value; it may be able to the next time.</summary>
    EnergyReading Read();
}

/// <summary>A reading of an <see cref="IEnergyMeter"/>: joules, or why there are none. Never zero for want of a meter.</summary>
public readonly record struct EnergyReading
{
    private EnergyReading(double? joules, string? unavailableBecause)
    {
        Joules = joules;
        UnavailableBecause = unavailableBecause;
    }

    /// <summary>Joules since some moment before the first reading; only differences mean something. Null when unavailable.</summary>
    public double? Joules { get; }

    /// <summary>Why there is no reading; null when there is one.</summary>
    public string? UnavailableBecause { get; }

    /// <summary>A reading.</summary>
    /// <param name="joules">Joules counted so far.</param>
    public static EnergyReading Of(double joules) => new(joules, null);

    /// <summary>No reading.</summary>
    /// <param name="because">Why.</param>
    public static EnergyReading Unavailable(string because) => new(null, because);
}
