using System.Text;

namespace Helios.Sdk.Tokenization.Normalizers;

/// <summary>
/// Unicode normalization forms C, D, KC and KD, by tables of its own: where an app has invariant globalization, as this one,
/// <see cref="string.Normalize()"/> returns text as it is, and elsewhere its answer hangs on the ICU of the machine.
/// </summary>
/// <param name="composed">Form C or KC rather than D or KD.</param>
/// <param name="compatible">Form KC or KD: characters that differ in looks alone become the same.</param>
internal sealed class UnicodeForm(bool composed, bool compatible = false) : INormalizer
{
    /// <summary>Most UTF-16 units that one unit of a composed character stands for.</summary>
    private const int MostComposed = 4;

    private const int HangulFirst = 0xAC00, HangulCount = 11172;
    private const int LeadFirst = 0x1100, LeadCount = 19;
    private const int VowelFirst = 0x1161, VowelCount = 21;
    private const int TrailFirst = 0x11A7, TrailCount = 28;

    /// <summary>Below this all characters are in the form: Latin-1 and its like in form C, ASCII in every form.</summary>
    private readonly char firstUnsure = composed && !compatible ? '\u0300' : '\u0080';

    public double MaxShrink => composed ? MostComposed : 1;

    public char? CutBefore(char space) => CutBeforeSpace(space);

    /// <summary>
    /// Where text may be cut that is rewritten character by character, or as Unicode's forms are: neither a space nor ▁ joins what is
    /// before it. A letter may end with a mark afterwards, and what that does before a line end is up to the words.
    /// </summary>
    public static char? CutBeforeSpace(char space) => space is ' ' or '\u2581' ? space : null;

    public string Normalize(string text, TextEnds ends = TextEnds.Both)
    {
        if (!text.AsSpan().ContainsAnyInRange(firstUnsure, '\uFFFF')) return text;
        var tables = UnicodeTables.Instance;
        var characters = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, tables, characters);
        Order(characters, tables);
        if (composed) Compose(characters, tables);
        var result = new StringBuilder(text.Length);
        foreach (var character in characters) result.Append(new Rune(character));
        return result.ToString();
    }

    private void Decompose(int character, UnicodeTables tables, List<int> into)
    {
        var syllable = character - HangulFirst;
        if ((uint)syllable < HangulCount)
        {
            into.Add(LeadFirst + (syllable / (VowelCount * TrailCount)));
            into.Add(VowelFirst + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount != 0) into.Add(TrailFirst + (syllable % TrailCount));
        }
        else if (tables.TryDecompose(character, compatible, out var parts))
        {
            // The tables are ours, and a few steps deep at most.
            foreach (var part in parts!) Decompose(part, tables, into);
        }
        else
        {
            into.Add(character);
        }
    }

    /// <summary>Sorts each run of marks by class, stably; n log n even where a text is nothing but marks.</summary>
    private static void Order(List<int> characters, UnicodeTables tables)
    {
        for (var start = 0; start < characters.Count; start++)
        {
            if (tables.ClassOf(characters[start]) == 0) continue;
            var end = start + 1;
            while (end < characters.Count && tables.ClassOf(characters[end]) != 0) end++;
            if (end - start > 1)
            {
                var ordered = characters.GetRange(start, end - start).OrderBy(tables.ClassOf).ToArray();
                for (var i = 0; i < ordered.Length; i++) characters[start + i] = ordered[i];
            }

            start = end;
        }
    }

    /// <summary>Each character joins the last starter, unless one between them has its class or a higher one, or is a starter.</summary>
    private static void Compose(List<int> characters, UnicodeTables tables)
    {
        var starter = -1;
        var lastClass = 0;
        var written = 0;
        for (var i = 0; i < characters.Count; i++)
        {
            var current = characters[i];
            var currentClass = tables.ClassOf(current);
            var adjacent = starter == written - 1;
            var reachable = starter >= 0 && (adjacent || (lastClass != 0 && lastClass < currentClass));
            if (reachable && TryCompose(characters[starter], current, tables, out var joined))
            {
                characters[starter] = joined;
                continue;
            }

            if (currentClass == 0) starter = written;
            lastClass = currentClass;
            characters[written++] = current;
        }

        characters.RemoveRange(written, characters.Count - written);
    }

    private static bool TryCompose(int first, int second, UnicodeTables tables, out int joined)
    {
        if ((uint)(first - LeadFirst) < LeadCount && (uint)(second - VowelFirst) < VowelCount)
        {
            joined = HangulFirst + ((((first - LeadFirst) * VowelCount) + second - VowelFirst) * TrailCount);
            return true;
        }

        var syllable = first - HangulFirst;
        if ((uint)syllable < HangulCount && syllable % TrailCount == 0 && second - TrailFirst is > 0 and < TrailCount)
        {
            joined = first + second - TrailFirst;
            return true;
        }

        return tables.TryCompose(first, second, out joined);
    }
}
