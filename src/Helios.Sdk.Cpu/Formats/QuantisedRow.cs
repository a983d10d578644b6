namespace Helios.Sdk.Cpu.Formats;

/// <summary>Where things lie in a row of activations that was turned into integers.</summary>
internal static class QuantisedRow
{
    private const int SmallestGroup = 32;

    /// <summary>Elements of 4 bytes that a quantised row of so many columns takes, whatever the format.</summary>
    public static int Room(int columns) => ScalesAt(columns) + 2 * ((columns + SmallestGroup - 1) / SmallestGroup);

    /// <summary>Element at which the scales of its groups begin, one each: behind the floats that the row was made of.</summary>
    public static int ScalesAt(int columns) => Math.Max((columns + 15) & ~15, SmallestGroup);
}
