namespace Helios.Sdk.Tokenization.ChatTemplates.Values;

/// <summary>
/// Where a text occurs in others. Linear in both whatever they are, by the prefix function of Knuth, Morris and Pratt; a short one is
/// looked for by vector instructions, a bounded number of comparisons a character.
/// </summary>
internal sealed class TextSearch
{
    private const int Short = 16;

    /// <summary>Characters that are passed over between two charges.</summary>
    private const int Window = 1 << 16;

    private readonly string part;
    private readonly ExecutionMeter meter;

    /// <summary>Length of the longest proper beginning of the part's first i + 1 characters that they end with too; null for a short part.</summary>
    private readonly int[]? borders;
    private readonly bool fromRight;

    /// <param name="part">What to look for; not empty.</param>
    /// <param name="meter">Charged for what is done.</param>
    /// <param name="fromRight">Whether the last place is looked for.</param>
    public TextSearch(string part, ExecutionMeter meter, bool fromRight = false)
    {
        this.part = part;
        this.meter = meter;
        this.fromRight = fromRight;
        meter.Allocate(TemplateLimits.ValueBytes);
        if (part.Length <= Short) return;
        meter.Allocate(sizeof(int) * (long)part.Length);
        borders = new int[part.Length];
        for (int i = 1, length = 0; i < part.Length; i++)
        {
            meter.Scan();
            while (length > 0 && At(i) != At(length)) length = borders[length - 1];
            if (At(i) == At(length)) length++;
            borders[i] = length;
        }
    }

    /// <summary>The first place at or behind <paramref name="from"/>; -1 when there is none.</summary>
    public int Next(string text, int from)
    {
        if (borders is not null) return Match(text, from, text.Length - from, borders);
        for (var start = from; start + part.Length <= text.Length; start += Window)
        {
            var window = text.AsSpan(start, Math.Min(Window + part.Length - 1, text.Length - start));
            meter.Charge();
            if (window.IndexOf(part) is >= 0 and var at)
            {
                meter.Scan(at);
                return start + at;
            }

            meter.Scan(window.Length);
        }

        return -1;
    }

    /// <summary>The last place that ends at or before <paramref name="end"/>; -1 when there is none.</summary>
    public int Last(string text, int end)
    {
        if (borders is not null) return Match(text, end - 1, end, borders);
        for (var stop = end; stop >= part.Length; stop -= Window)
        {
            var start = Math.Max(0, stop - Window - part.Length + 1);
            var window = text.AsSpan(start, stop - start);
            meter.Charge();
            if (window.LastIndexOf(part) is >= 0 and var at)
            {
                meter.Scan(window.Length - at);
                return start + at;
            }

            meter.Scan(window.Length);
        }

        return -1;
    }

    /// <summary>Where the part begins among so many characters from a place on, in the direction of the search.</summary>
    private int Match(string text, int from, int count, int[] found)
    {
        var step = fromRight ? -1 : 1;
        var length = 0;
        for (var i = 0; i < count; i++)
        {
            meter.Scan();
            var c = text[from + (i * step)];
            while (length > 0 && c != At(length)) length = found[length - 1];
            if (c == At(length)) length++;
            if (length == part.Length) return fromRight ? from - i : from + i + 1 - length;
        }

        return -1;
    }

    /// <summary>A character of the part, in the direction of the search.</summary>
    private char At(int index) => part[fromRight ? part.Length - 1 - index : index];
}
