namespace Helios.Sdk.Naming;

/// <summary>Guesses what a name that is not known was meant to be.</summary>
internal static class NearMiss
{
    /// <summary>A question to put behind a message, with a space before it; empty when nothing known is near.</summary>
    /// <param name="found">The name that was written.</param>
    /// <param name="known">The names there are.</param>
    public static string Ask(string found, IEnumerable<string> known) => Question(found, known) is { } question ? $" {question}" : "";

    /// <summary>The same by itself; null when nothing known is near.</summary>
    /// <param name="found">The name that was written.</param>
    /// <param name="known">The names there are.</param>
    public static string? Question(string found, IEnumerable<string> known) => Nearest(found, known) is { } meant ? $"Did you mean '{meant}'?" : null;

    /// <summary>The nearest known name; null when none is near. Case counts for nothing.</summary>
    /// <param name="found">The name that was written.</param>
    /// <param name="known">The names there are; of those equally near, the first is taken.</param>
    public static string? Nearest(string found, IEnumerable<string> known) => known
        .Where(name => Distance(found, name) <= Tolerated(found, name))
        .MinBy(name => Distance(found, name));

    /// <summary>Two slips, or one in three letters; in a short word one, for two would make another word of it.</summary>
    private static int Tolerated(string found, string name) => Math.Max(found.Length, name.Length) switch
    {
        <= 1 => 0,
        <= 4 => 1,
        var length => Math.Max(2, length / 3),
    };

    /// <summary>Letters to insert, leave out, replace, or swap with their neighbour.</summary>
    private static int Distance(string left, string right)
    {
        // Row i is the distances of the first i letters of left from every beginning of right.
        var (before, row, next) = (new int[right.Length + 1], new int[right.Length + 1], new int[right.Length + 1]);
        for (var j = 0; j <= right.Length; j++) row[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = row[j - 1] + (Same(left[i - 1], right[j - 1]) ? 0 : 1);
                next[j] = Math.Min(replaced, Math.Min(row[j], next[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1])) next[j] = Math.Min(next[j], before[j - 2] + 1);
            }

            (before, row, next) = (row, next, before);
        }

        return row[right.Length];
    }

    private static bool Same(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}
