namespace Helios.Sdk.Cpu.Formats;

/// <summary>
/// Where things lie in a row of activations that was turned into integers: integers at its start, scales of groups behind the floats that the row
/// was made of, and behind them what else a format needs of each group. Integers of 16 bits that are taken apart have their upper bytes at the
/// start, and their lower bytes from <see cref="LowerAt"/> on.
/// </summary>
internal static class QuantisedRow
{
    private const int SmallestGroup = 16;

    /// <summary>Elements of 4 bytes that a quantised row of so many columns takes, whatever the format.</summary>
    public static int Room(int columns) => ScalesAt(columns) + 2 * ((columns + SmallestGroup - 1) / SmallestGroup);

    /// <summary>Element at which the scales of its groups begin, one each: behind the floats that the row was made of.</summary>
    public static int ScalesAt(int columns) => Math.Max((columns + 15) & ~15, 2 * SmallestGroup);

    /// <summary>Element at which lower bytes begin: behind the integers of 16 bits that they were part of.</summary>
    public static int LowerAt(int columns) => columns / 2;
}
