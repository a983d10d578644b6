using System.Buffers;
using System.Text;

namespace Helios.Sdk.Tokenization.Normalizers;

/// <summary>
/// Case as Unicode 17 maps it, character by character, on every machine. .NET asks ICU, or in an app with
/// <c>InvariantGlobalization</c> its own tables, and neither knows the letters of the years after it: those stand here, from Unicode 10 on.
/// </summary>
internal static class UnicodeCase
{
    /// <summary>Capitals: first and last, distance from one to the next, and from a capital to its small letter.</summary>
    private static readonly (int First, int Last, int Step, int ToLower)[] Late =
    [
        (0x1C89, 0x1C89, 1, 1),
        (0x1C90, 0x1CBA, 1, 0x10D0 - 0x1C90), (0x1CBD, 0x1CBF, 1, 0x10D0 - 0x1C90), // Georgian
        (0x2C2F, 0x2C2F, 1, 0x30), // Glagolitic
        (0xA7B8, 0xA7BE, 2, 1), (0xA7C0, 0xA7C2, 2, 1), (0xA7C4, 0xA7C4, 1, 0xA794 - 0xA7C4), (0xA7C5, 0xA7C5, 1, 0x0282 - 0xA7C5),
        (0xA7C6, 0xA7C6, 1, 0x1D8E - 0xA7C6), (0xA7C7, 0xA7C9, 2, 1), (0xA7CB, 0xA7CB, 1, 0x0264 - 0xA7CB), (0xA7CC, 0xA7CE, 2, 1),
        (0xA7D0, 0xA7DA, 2, 1), (0xA7DC, 0xA7DC, 1, 0x019B - 0xA7DC), (0xA7F5, 0xA7F5, 1, 1), // Latin
        (0x10570, 0x1057A, 1, 0x27), (0x1057C, 0x1058A, 1, 0x27), (0x1058C, 0x10592, 1, 0x27), (0x10594, 0x10595, 1, 0x27), // Vithkuqi
        (0x10D50, 0x10D65, 1, 0x20), // Garay
        (0x16E40, 0x16E5F, 1, 0x20), // Medefaidrin
        (0x16EA0, 0x16EB8, 1, 0x1B), // Beria Erfe
    ];

    private static readonly SearchValues<char> LateBegins = SearchValues.Create(
        [.. Late.SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1)).Select(capital => new Rune(capital).ToString()[0]).Distinct()]);

    /// <summary>A text in lower case.</summary>
    public static string ToLower(string text)
    {
        if (!text.AsSpan().ContainsAny(LateBegins)) return text.ToLowerInvariant();
        var lower = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) lower.Append(ToLower(rune).ToString());
        return lower.ToString();
    }

    public static Rune ToLower(Rune rune)
    {
        foreach (var (first, last, step, toLower) in Late)
        {
            if (rune.Value >= first && rune.Value <= last && (rune.Value - first) % step == 0) return new Rune(rune.Value + toLower);
        }

        return Rune.ToLowerInvariant(rune);
    }

    public static Rune ToUpper(Rune rune)
    {
        foreach (var (first, last, step, toLower) in Late)
        {
            var capital = rune.Value - toLower;
            if (capital >= first && capital <= last && (capital - first) % step == 0) return new Rune(capital);
        }

        return Rune.ToUpperInvariant(rune);
    }
}
