using System.Globalization;

namespace Helios.Sdk.Tokenization.Normalizers;

/// <summary><see cref="CanonicalData"/> and <see cref="CompatibilityData"/> for look-up: read when first needed, shared by all tokenizers.</summary>
internal sealed class UnicodeTables
{
    private static readonly Lazy<UnicodeTables> Lazy = new(() => new UnicodeTables());

    private readonly Dictionary<int, int[]> decompositions = [];
    private readonly Dictionary<int, int[]> compatible = [];
    private readonly Dictionary<(int First, int Second), int> compositions = [];
    private readonly Dictionary<int, int> classes = [];

    private UnicodeTables()
    {
        foreach (var entry in Entries(CanonicalData.Decompositions))
        {
            var (name, parts) = Cut(entry, '=');
            var character = Hex(name.TrimEnd('!'));
            int[] decomposed = [.. parts.Split('+').Select(Hex)];
            decompositions.Add(character, decomposed);
            if (!name.EndsWith('!')) compositions.Add((decomposed[0], decomposed[1]), character);
        }

        foreach (var entry in Entries(CompatibilityData.Decompositions))
        {
            var (name, parts) = Cut(entry, '=');
            compatible.Add(Hex(name), [.. parts.Split('+').Select(Hex)]);
        }

        foreach (var entry in Entries(CanonicalData.CombiningClasses))
        {
            var (range, number) = Cut(entry, ':');
            var (first, last) = range.Contains('-', StringComparison.Ordinal) ? Cut(range, '-') : (range, range);
            for (var c = Hex(first); c <= Hex(last); c++) classes.Add(c, int.Parse(number, CultureInfo.InvariantCulture));
        }
    }

    public static UnicodeTables Instance => Lazy.Value;

    /// <summary>0 for characters that start a sequence; marks of lower classes come first.</summary>
    public int ClassOf(int character) => classes.GetValueOrDefault(character);

    /// <summary>Decomposes by one step.</summary>
    /// <param name="character">A code point.</param>
    /// <param name="compatibly">Whether characters that differ in looks alone decompose too.</param>
    /// <param name="parts">What it decomposes into.</param>
    public bool TryDecompose(int character, bool compatibly, out int[]? parts) =>
        decompositions.TryGetValue(character, out parts) || (compatibly && compatible.TryGetValue(character, out parts));

    public bool TryCompose(int first, int second, out int composed) => compositions.TryGetValue((first, second), out composed);

    private static string[] Entries(string data) => data.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    private static (string Left, string Right) Cut(string entry, char at)
    {
        var parts = entry.Split(at);
        return (parts[0], parts[1]);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
